// Owns ending sessions by their store key: tombstone, local refusal, announcement, and repeating
// all of it after a failover.
import type { Clock } from '../../kernel/clock.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { ChangeChannel } from './change-channel.ts';
import type { KnownSessions } from './known-sessions.ts';
import type { RecentRevocations } from './recent-revocations.ts';
import type { RecordStore } from './record-store.ts';
import type { SessionRecords } from './session-records.ts';

interface SessionEnderParts {
  readonly store: Pick<RecordStore, 'endSession' | 'deleteProviderRecord' | 'sessionsOfPerson'>;
  readonly records: Pick<SessionRecords, 'readSession'>;
  readonly known: Pick<KnownSessions, 'end'>;
  readonly channel: Pick<ChangeChannel, 'announce'>;
  readonly revocations: RecentRevocations;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly absoluteMs: number;
}

export class SessionEnder {
  readonly #parts: SessionEnderParts;
  #isRepeating = false;

  constructor(parts: SessionEnderParts) {
    this.#parts = parts;
  }

  /**
   * Leaves a tombstone, also where there is no record: the store may have lost one that replicas
   * still hold. True when a session was ended, false when it had ended before. Throws
   * StoreUnavailable, and then nothing is certain: the caller must not claim that it ended.
   */
  async end(key: string, reason: ReasonCode): Promise<boolean> {
    const { channel, clock, known, metrics, records, revocations, store } = this.#parts;
    const reading = await records.readSession(key);
    if (reading.kind === 'ended') return false;
    const untilMs =
      reading.kind === 'live' ? reading.record.expiresAtMs : clock.nowMs() + this.#parts.absoluteMs;
    await store.endSession(key, reason, untilMs);
    revocations.add({ key, reason, untilMs });
    known.end(key, reason);
    channel.announce(key);
    metrics.increment('kfgw_sessions_ended_total', { reason });
    return true;
  }

  /**
   * Deletes a person's provider record when none of the sessions is left. A sign-in of the same
   * person in that very moment may lose its tokens by it: that session then lives until its claims
   * are too old. Never rejects: the sessions have ended, and the store forgets the record in time.
   */
  async forgetPersonWithoutSessions(person: string): Promise<void> {
    const { logger, records, store } = this.#parts;
    try {
      for (const key of await store.sessionsOfPerson(person)) {
        // A key without a record may be that of a session which is just being written.
        if ((await records.readSession(key)).kind !== 'ended') return;
      }
      await store.deleteProviderRecord(person);
    } catch (error) {
      logger.warn('a provider record without sessions is left to expire', {
        error: errorText(error),
      });
    }
  }

  /** Repeats the revocations of the last ten minutes, in case a failover lost them. */
  async repeat(): Promise<void> {
    if (this.#isRepeating) return;
    this.#isRepeating = true;
    const { channel, logger, revocations, store } = this.#parts;
    try {
      for (const { key, reason, untilMs } of revocations.all()) {
        await store.endSession(key, reason, untilMs);
        channel.announce(key);
      }
    } catch (error) {
      // The channel says again that messages may have been missed when the store is back.
      logger.warn('revocations could not be repeated yet', { error: errorText(error) });
    } finally {
      this.#isRepeating = false;
    }
  }
}
