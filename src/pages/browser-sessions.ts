// Owns what the pages do with a browser's session: make it at sign-in, end it at sign-out.
import type { KeyObject } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import type { CompletedLogin, ProviderTokens } from '../identity/login/completed-login.ts';
import {
  attachLogin,
  type ExpressSessionStore,
} from '../identity/session/express-session-store.ts';
import {
  newSessionId,
  readSessionCookie,
  signSessionCookie,
} from '../identity/session/session-cookie.ts';
import { prepareKey, type SessionKeys } from '../identity/session/session-keys.ts';
import type { Sessions } from '../identity/session/sessions.ts';
import type { Random } from '../kernel/random.ts';
import type { OwnCookies } from '../request/own-cookies.ts';
import { headOf } from './request-heads.ts';

interface BrowserSessionParts {
  readonly expressStore: ExpressSessionStore;
  readonly sessions: Pick<Sessions, 'end'>;
  readonly keys: Pick<SessionKeys, 'cookie'>;
  readonly random: Random;
  readonly cookies: OwnCookies;
  /** The cookie's Max-Age, in milliseconds. */
  readonly absoluteMs: number;
}

/**
 * express-session only where a session begins: who a session belongs to is told by the authenticator
 * that the doors ask, and what a page could write into it would be lost.
 */
export class BrowserSessions {
  readonly #parts: BrowserSessionParts;
  readonly #secrets: KeyObject[] = [];
  readonly #middleware: RequestHandler;

  constructor(parts: BrowserSessionParts) {
    this.#parts = parts;
    this.#useCurrentKeys();
    this.#middleware = session({
      store: parts.expressStore,
      name: parts.cookies.session,
      // Read anew at every request, so the list is changed in place when keys are rotated.
      secret: this.#secrets,
      genid: () => newSessionId(parts.random),
      cookie: { ...this.#attributes(), maxAge: parts.absoluteMs },
      resave: false,
      rolling: false,
      saveUninitialized: false,
    });
  }

  /**
   * Makes the session of a completed login under a new id and ends the one before. The cookie goes
   * out with the answer; its value is returned. Rejects with StoreUnavailable, and then sets none.
   */
  async establish(req: Request, res: Response, login: CompletedLogin): Promise<string> {
    this.#useCurrentKeys();
    try {
      await settled((done) => this.#middleware(req, res, done));
      await settled((done) => req.session.regenerate(done));
      attachLogin(req.session, login);
      await settled((done) => req.session.save(done));
      return signSessionCookie(req.sessionID, this.#currentKey());
    } catch (error) {
      // express-session would set the cookie of the session that it has and the store has not.
      Reflect.deleteProperty(req, 'session');
      throw error;
    }
  }

  /**
   * Ends the request's session everywhere and clears its cookie; returns the provider's tokens.
   * Rejects with StoreUnavailable, and then leaves the cookie.
   */
  async end(req: Request, res: Response): Promise<ProviderTokens | undefined> {
    const { keys, sessions } = this.#parts;
    const cookie = readSessionCookie(headOf(req).sessionCookie ?? '', keys.cookie());
    const tokens =
      cookie.kind === 'verified' ? await sessions.end(cookie.id, 'signed_out') : undefined;
    this.clearCookie(res);
    return tokens;
  }

  /** With the attributes it was set with: a browser keeps a `__Host-` cookie that is cleared otherwise. */
  clearCookie(res: Response): void {
    res.clearCookie(this.#parts.cookies.session, this.#attributes());
  }

  #attributes() {
    return {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: this.#parts.cookies.secure,
    } as const;
  }

  #currentKey() {
    const [first] = this.#parts.keys.cookie();
    if (first === undefined) throw new RangeError('there is no key to sign cookies with');
    return first;
  }

  #useCurrentKeys(): void {
    const keys = this.#parts.keys.cookie().map((secret) => prepareKey(secret).signing);
    this.#secrets.splice(0, this.#secrets.length, ...keys);
  }
}

/** What an API with a callback ends in. */
function settled(run: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('a session could not be kept'));
    });
  });
}
