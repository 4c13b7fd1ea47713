// Owns ending sessions by their store key: tombstone, refusal here, announcement to all replicas.
// Repeating that after a failover is the store's and the channel's.
import type { Clock } from '../../kernel/clock.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { ChangeChannel } from './change-channel.ts';
import type { KnownSessions } from './known-sessions.ts';
import type { RecordStore } from './record-store.ts';
import type { SessionRecords } from './session-records.ts';

interface SessionEnderParts {
  readonly store: Pick<RecordStore, 'endSession'>;
  readonly records: Pick<SessionRecords, 'readSession'>;
  readonly known: Pick<KnownSessions, 'end'>;
  readonly channel: Pick<ChangeChannel, 'announce'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly absoluteMs: number;
}

export class SessionEnder {
  readonly #parts: SessionEnderParts;

  constructor(parts: SessionEnderParts) {
    this.#parts = parts;
  }

  /**
   * Leaves a tombstone, also where there is no record: the store may have lost one that replicas
   * still hold. True when a session was ended, false when it had ended before. Throws
   * StoreUnavailable, and then nothing is certain: the caller must not claim that it ended.
   */
  async end(key: string, reason: ReasonCode): Promise<boolean> {
    const { channel, clock, known, metrics, records, store } = this.#parts;
    const reading = await records.readSession(key);
    if (reading.kind === 'ended') return false;
    const untilMs =
      reading.kind === 'live' ? reading.record.expiresAtMs : clock.nowMs() + this.#parts.absoluteMs;
    await store.endSession(key, reason, untilMs);
    known.end(key, reason);
    channel.announce(key);
    metrics.increment('kfgw_sessions_ended_total', { reason });
    return true;
  }
}
