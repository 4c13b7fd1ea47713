// Owns the short tokens of command-line logins: nothing of them is stored, they say which login they
// belong to and until when, sealed. Whether that login lives is asked at its record.
import { z } from 'zod';
import { formatRecord, parseRecord } from '../session/record-json.ts';
import type { RecordPlace, RecordSealer } from '../session/sealed-record.ts';
import { formatTokenText } from './token-text.ts';

export interface AccessGrant {
  /** Store key of the login. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

export type OpenedAccess =
  | { readonly kind: 'opened'; readonly grant: AccessGrant }
  /** Sealed with a key that only replicas with newer key files have yet. */
  | { readonly kind: 'unknown-key' }
  | { readonly kind: 'refused' };

const place: RecordPlace = { purpose: 'access-token', name: 'bearer' };
const stored = z.object({ key: z.string().min(1), expiresAtMs: z.number() });

/** The text of a token for the grant. */
export function sealAccessToken(sealer: Pick<RecordSealer, 'seal'>, grant: AccessGrant): string {
  return formatTokenText({ kind: 'access', sealed: sealer.seal(place, formatRecord(grant)) });
}

/** What we sealed; says nothing about its expiry or its login. */
export function openAccessToken(sealer: Pick<RecordSealer, 'open'>, sealed: Buffer): OpenedAccess {
  const opened = sealer.open(place, sealed);
  if (opened.kind !== 'opened') return opened;
  const grant = parseRecord(opened.plaintext, stored);
  return grant === undefined ? { kind: 'refused' } : { kind: 'opened', grant };
}
