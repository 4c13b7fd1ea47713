// Owns express-session's view of sessions: it can look for one, make one of a completed sign-in, and
// end one. Pages keep nothing else in a session, so no page in flight can bring one back.
import session from 'express-session';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { CompletedLogin } from '../login/completed-login.ts';
import { StoreUnavailable } from './record-store.ts';
import { sessionKeyOf } from './session-cookie.ts';
import type { SessionRecords } from './session-records.ts';
import type { Sessions } from './sessions.ts';

type Callback = (error?: unknown) => void;

/** Logins on their way into the store; never in the session's own properties, which get hashed. */
const attached = new WeakMap<object, CompletedLogin>();

/**
 * Puts a completed login into a session that `regenerate` has just made; `save` then writes it. The
 * session's cookie becomes the one that is set, once, with the answer.
 */
export function attachLogin(established: session.Session, login: CompletedLogin): void {
  const { originalMaxAge, secure } = established.cookie;
  attached.set(established, login);
  established.cookie = new LoginCookie(originalMaxAge ?? 0, secure === true);
}

interface ExpressSessionStoreParts {
  readonly records: Pick<SessionRecords, 'readSession'>;
  readonly sessions: Pick<Sessions, 'establish' | 'end'>;
}

/** Errors go to the callback. It has no `touch` and never emits `disconnect`. */
export class ExpressSessionStore extends session.Store {
  readonly #parts: ExpressSessionStoreParts;

  constructor(parts: ExpressSessionStoreParts) {
    super();
    this.#parts = parts;
  }

  override get(
    sessionId: string,
    callback: (error: unknown, data?: session.SessionData | null) => void,
  ): void {
    settle(this.#find(sessionId), callback);
  }

  /** Writes a login, once; anything else that a page did to its session is not kept. */
  override set(sessionId: string, data: session.SessionData, callback: Callback = ignore): void {
    const login = attached.get(data);
    attached.delete(data);
    settle(
      login === undefined ? Promise.resolve() : this.#parts.sessions.establish(sessionId, login),
      callback,
    );
  }

  /** Ends what the store has under this id; an id that was never stored leaves no trace. */
  override destroy(sessionId: string, callback: Callback = ignore): void {
    settle(this.#end(sessionId), callback);
  }

  async #find(sessionId: string): Promise<session.SessionData | null> {
    const { kind } = await this.#parts.records.readSession(sessionKeyOf(sessionId));
    if (kind === 'unavailable') throw new StoreUnavailable('the session cannot be read');
    // Without an expiry express-session never sends the cookie again.
    return kind === 'live' ? { cookie: new session.Cookie() } : null;
  }

  async #end(sessionId: string): Promise<void> {
    const { records, sessions } = this.#parts;
    const { kind } = await records.readSession(sessionKeyOf(sessionId));
    if (kind !== 'missing') await sessions.end(sessionId, 'session_ended');
  }
}

/**
 * The cookie of a new session. express-session writes `Expires` only, which depends on the browser's
 * clock, and leaves the whole cookie out when the hop in front is plain http although the public
 * address is https. So `data`, from which it serialises, holds Max-Age and Secure, and `secure`,
 * which it compares with the hop, holds nothing.
 */
class LoginCookie extends session.Cookie {
  readonly #maxAgeSec: number;
  readonly #isSecure: boolean;

  constructor(maxAgeMs: number, isSecure: boolean) {
    super();
    this.#maxAgeSec = Math.floor(maxAgeMs / SECOND_MS);
    this.#isSecure = isSecure;
  }

  get data(): object {
    const maxAge = this.#maxAgeSec;
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.#isSecure, maxAge };
  }
}

function settle<T>(work: Promise<T>, callback: (error: unknown, value?: T) => void): void {
  // Off the promise: what the callback throws is a fault of its own, not of the store.
  work.then(
    (value) => {
      queueMicrotask(() => {
        callback(null, value);
      });
    },
    (error: unknown) => {
      queueMicrotask(() => {
        callback(error);
      });
    },
  );
}

function ignore(): void {
  // express-session saves without a callback where nobody waits for it.
}
