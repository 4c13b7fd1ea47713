// Owns express-session's settings: every default of it that would loosen a session is closed here.
import type { RequestHandler } from 'express';
import session from 'express-session';
import type { Random } from '../../kernel/random.ts';
import type { OwnCookies } from '../../request/own-cookies.ts';
import type { ExpressSessionStore } from './express-session-store.ts';
import { newSessionId } from './session-cookie.ts';
import { prepareKey, type SessionKeys } from './session-keys.ts';

interface SessionMiddlewareParts {
  readonly store: ExpressSessionStore;
  readonly keys: Pick<SessionKeys, 'cookie'>;
  readonly cookies: OwnCookies;
  readonly random: Random;
  readonly absoluteMs: number;
}

/**
 * express-session for the pages. At a sign-in: `req.session.regenerate`, `attachLogin`, `save`. Nothing
 * else sets a cookie. The public scheme decides about Secure (`cookies`), never the hop's.
 */
export function sessionMiddleware(parts: SessionMiddlewareParts): RequestHandler {
  // express-session keeps this very array: filling it anew is how rotated keys reach it.
  const secrets = currentSecrets(parts.keys);
  const handle = session({
    store: parts.store,
    secret: secrets,
    name: parts.cookies.session,
    genid: () => newSessionId(parts.random),
    resave: false,
    rolling: false,
    saveUninitialized: false,
    cookie: {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: parts.cookies.secure,
      maxAge: parts.absoluteMs,
    },
  });
  return (req, res, next) => {
    secrets.splice(0, secrets.length, ...currentSecrets(parts.keys));
    handle(req, res, next);
  };
}

function currentSecrets(keys: Pick<SessionKeys, 'cookie'>) {
  return keys.cookie().map((secret) => prepareKey(secret).key);
}
