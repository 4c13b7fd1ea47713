// Owns the way back from a store's sealed bytes to a record, or why there is none to be believed.
import type { Logger } from '../../kernel/logger.ts';
import type { RecordPlace, RecordSealer } from './sealed-record.ts';

export type OpenedRecord<T> =
  | { readonly kind: 'opened'; readonly record: T }
  /** Forged, moved from another place, or of a version that this release cannot read. */
  | { readonly kind: 'missing' }
  /** Sealed with a key that only replicas with newer key files have yet: nothing is lost. */
  | { readonly kind: 'unavailable' };

export interface OpenRecordTools {
  readonly sealer: Pick<RecordSealer, 'open'>;
  readonly logger: Logger;
}

/** What `parse` makes of what was sealed for this place; both that cannot be are logged. */
export function openRecord<T>(
  { sealer, logger }: OpenRecordTools,
  place: RecordPlace,
  sealed: Buffer,
  parse: (text: string) => T | undefined,
): OpenedRecord<T> {
  const { purpose } = place;
  const opened = sealer.open(place, sealed);
  if (opened.kind === 'unknown-key') {
    logger.warn('A stored record is sealed with a key that this replica lacks.', { purpose });
    return { kind: 'unavailable' };
  }
  const record = opened.kind === 'opened' ? parse(opened.plaintext) : undefined;
  if (record !== undefined) return { kind: 'opened', record };
  logger.error('A stored record was refused.', { purpose });
  return { kind: 'missing' };
}
