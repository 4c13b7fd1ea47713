// Owns resolving a session cookie to an identity: synchronous when the session is known, through
// the store when it is not or when there is reason to doubt it.
import type { Clock } from '../../kernel/clock.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { SessionAuthentication, SessionAuthenticator } from '../authentication.ts';
import type { KnownSession, KnownSessions } from './known-sessions.ts';
import { readSessionCookie, sessionKeyOf } from './session-cookie.ts';
import type { SessionKeys } from './session-keys.ts';
import { isExpired, limitReached } from './session-lifetime.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionReading } from './session-records.ts';
import type { SessionUse } from './session-use.ts';

const RETRY_AFTER_SEC = 5;

const unavailable: SessionAuthentication = {
  kind: 'unavailable',
  reason: 'session_store_unavailable',
  retryAfterSec: RETRY_AFTER_SEC,
};

interface StoredSessionAuthenticatorParts {
  readonly known: KnownSessions;
  readonly use: Pick<SessionUse, 'used' | 'renew'>;
  readonly keys: Pick<SessionKeys, 'cookie'>;
  readonly clock: Clock;
  readonly options: SessionOptions;
}

/**
 * A store that fails neither grants nor ends anything: known sessions go on within the outage bound,
 * unknown ones are unavailable. Nothing here throws or rejects.
 */
export class StoredSessionAuthenticator implements SessionAuthenticator {
  readonly #parts: StoredSessionAuthenticatorParts;

  constructor(parts: StoredSessionAuthenticatorParts) {
    this.#parts = parts;
  }

  authenticate(sessionCookie: string): SessionAuthentication | Promise<SessionAuthentication> {
    return this.#ask(sessionCookie, true);
  }

  recheck(sessionCookie: string): SessionAuthentication | Promise<SessionAuthentication> {
    return this.#ask(sessionCookie, false);
  }

  #ask(cookie: string, isUse: boolean): SessionAuthentication | Promise<SessionAuthentication> {
    const { clock, known } = this.#parts;
    const found = known.get(cookie);
    if (found === undefined) return this.#verify(cookie, isUse);
    if (found.kind === 'ended') return absent(found.reason);
    const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
    if (this.#mustAskStore(found, nowMs, monotonicMs)) return this.#askStore(found, isUse);
    if (monotonicMs >= found.confirmDueAtMs) void known.confirm(found);
    return this.#grant(found, isUse, nowMs);
  }

  #verify(cookie: string, isUse: boolean): SessionAuthentication | Promise<SessionAuthentication> {
    const read = readSessionCookie(cookie, this.#parts.keys.cookie());
    if (read.kind === 'invalid') return absent('session_cookie_invalid');
    // Other spellings of a cookie find the same entry, so that they cannot crowd out others.
    if (read.canonical !== cookie) return this.#ask(read.canonical, isUse);
    return this.#load(read.canonical, sessionKeyOf(read.id), isUse);
  }

  async #load(cookie: string, key: string, isUse: boolean): Promise<SessionAuthentication> {
    const loaded = await this.#parts.known.load(cookie, key);
    switch (loaded.kind) {
      case 'ended':
        return absent(loaded.reason);
      case 'missing':
        return absent('session_ended');
      case 'unavailable':
        return unavailable;
      case 'known':
        return this.#judge(loaded, 'live', isUse);
    }
  }

  /** Known limits can be moved by what other replicas saw; doubts are for the store to settle. */
  #mustAskStore(session: KnownSession, nowMs: number, monotonicMs: number): boolean {
    const { known, options } = this.#parts;
    return (
      limitReached(session, nowMs, options) !== undefined ||
      known.isTrustSpent(session, monotonicMs) ||
      known.shouldAskFirst(session, monotonicMs)
    );
  }

  async #askStore(session: KnownSession, isUse: boolean): Promise<SessionAuthentication> {
    const { clock, known } = this.#parts;
    if (isExpired(session.record, clock.nowMs())) {
      known.end(session.key, 'session_expired');
      return absent('session_expired');
    }
    const answer = await known.confirm(session);
    return answer.kind === 'ended'
      ? absent(answer.reason)
      : this.#judge(session, answer.kind, isUse);
  }

  #judge(
    session: KnownSession,
    answer: Exclude<SessionReading['kind'], 'ended'>,
    isUse: boolean,
  ): SessionAuthentication | Promise<SessionAuthentication> {
    const { clock, known, options } = this.#parts;
    const nowMs = clock.nowMs();
    const limit = limitReached(session, nowMs, options);
    const isTrusted = !known.isTrustSpent(session, clock.monotonicMs());
    if (limit === undefined && isTrusted) return this.#grant(session, isUse, nowMs);
    if (answer === 'unavailable') return unavailable;
    if (limit === undefined) return absent('session_ended');
    const canRenew = limit === 'claims_too_old' && answer === 'live' && isUse;
    return canRenew ? this.#renew(session) : absent(limit);
  }

  /** Whoever comes back after a pause has not been refreshed meanwhile: once, before the answer. */
  async #renew(session: KnownSession): Promise<SessionAuthentication> {
    const { clock, options, use } = this.#parts;
    const answer = await use.renew(session);
    if (answer.kind === 'ended') return absent(answer.reason);
    const nowMs = clock.nowMs();
    const limit = limitReached(session, nowMs, options);
    if (limit === undefined) return this.#grant(session, true, nowMs);
    return answer.kind === 'unavailable' ? unavailable : absent(limit);
  }

  #grant(session: KnownSession, isUse: boolean, nowMs: number): SessionAuthentication {
    if (isUse) this.#parts.use.used(session, nowMs);
    return session.authenticated;
  }
}

function absent(reason: ReasonCode): SessionAuthentication {
  return { kind: 'absent', reason };
}
