// Owns ending tokens by their store key: tombstone, refusal here, announcement to all replicas.
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { ChangeChannel } from '../session/change-channel.ts';
import type { RecordStore } from '../session/record-store.ts';
import type { TokenChanges } from './token-changes.ts';
import type { TokenRecords } from './token-records.ts';

interface TokenEnderParts {
  readonly store: Pick<RecordStore, 'endSession'>;
  readonly records: Pick<TokenRecords, 'read'>;
  readonly changes: Pick<TokenChanges, 'ended'>;
  readonly channel: Pick<ChangeChannel, 'announce'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The longest that a token can live, in milliseconds. */
  readonly maxLifetimeMs: number;
}

export class TokenEnder {
  readonly #parts: TokenEnderParts;

  constructor(parts: TokenEnderParts) {
    this.#parts = parts;
  }

  /**
   * Leaves a tombstone, also where there is no record: one may be just being written. True when a
   * token was ended, false when it had ended before. Throws StoreUnavailable, and then nothing is
   * certain: the caller must not claim that it ended.
   */
  async end(key: string, reason: ReasonCode): Promise<boolean> {
    const { changes, channel, clock, logger, maxLifetimeMs, metrics, records, store } = this.#parts;
    const reading = await records.read(key);
    if (reading.kind === 'ended') return false;
    const record = reading.kind === 'live' ? reading.record : undefined;
    await store.endSession(key, reason, record?.expiresAtMs ?? clock.nowMs() + maxLifetimeMs);
    changes.ended(key, reason);
    channel.announce(key);
    metrics.increment('kfgw_tokens_ended_total', { reason });
    logger.info('A personal token was ended.', { handle: record?.handle, reason });
    return true;
  }
}
