// Owns what the use of a session causes: a later idle limit, and fresh claims when they are due.
import { pause, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { KnownSession, KnownSessions } from './known-sessions.ts';
import type { SessionReading } from './session-records.ts';
import type { UseJournal } from './use-journal.ts';

/** Finer than any idle limit that could matter. */
const NOTE_EVERY_MS = SECOND_MS;
/** How long a request waits for fresh claims: the provider's own deadline and some store trips. */
const RENEW_DEADLINE_MS = 15 * SECOND_MS;
/** A session asks for a refresh that did not come about again after so long. */
const ASK_AGAIN_MS = 30 * SECOND_MS;

/** Gets newer claims than those of `claimsAtMs` for all that a person has. Never rejects. */
export interface ClaimsRefresher {
  refresh(person: string, claimsAtMs: number): Promise<void>;
}

interface SessionUseParts {
  readonly known: KnownSessions;
  readonly journal: Pick<UseJournal, 'note'>;
  readonly refresher: ClaimsRefresher;
  readonly clock: Clock;
}

export class SessionUse {
  readonly #parts: SessionUseParts;

  constructor(parts: SessionUseParts) {
    this.#parts = parts;
  }

  /** Notes that the session is used at `nowMs`. Cheap: the store and the provider come later. */
  used(session: KnownSession, nowMs = this.#parts.clock.nowMs()): void {
    session.lastUsedAtMs = nowMs;
    if (nowMs - session.notedUseAtMs >= NOTE_EVERY_MS) {
      session.notedUseAtMs = nowMs;
      this.#parts.journal.note(session.key, nowMs);
    }
    if (nowMs < session.refreshDueAtMs) return;
    session.refreshDueAtMs = nowMs + ASK_AGAIN_MS;
    void this.#renewIfStillDue(session);
  }

  /** Gets fresh claims now, if that is possible in time, and answers what the store then holds. */
  async renew(session: KnownSession): Promise<SessionReading> {
    const { clock, known, refresher } = this.#parts;
    const { person, claimsAtMs } = session.record;
    const waited = new AbortController();
    await Promise.race([
      refresher.refresh(person, claimsAtMs),
      pause(clock, RENEW_DEADLINE_MS, waited.signal),
    ]);
    waited.abort();
    return await known.confirm(session);
  }

  /** Another replica may have refreshed already; one look at the store is cheaper than a lease. */
  async #renewIfStillDue(session: KnownSession): Promise<void> {
    const { claimsAtMs } = session.record;
    const answer = await this.#parts.known.confirm(session);
    if (answer.kind === 'live' && session.record.claimsAtMs === claimsAtMs)
      await this.renew(session);
  }
}
