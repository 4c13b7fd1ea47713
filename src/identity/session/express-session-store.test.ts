import express, { type ErrorRequestHandler, type Express } from 'express';
import session from 'express-session';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SessionReplicas } from '../../../test/fixtures/session-replicas.ts';
import { DAY_MS } from '../../kernel/duration.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { SessionRoom } from './create-sessions.ts';
import { attachLogin } from './express-session-store.ts';
import { newSessionId, sessionKeyOf } from './session-cookie.ts';
import { prepareKey } from './session-keys.ts';

let replicas: SessionReplicas;
let room: SessionRoom;

beforeEach(() => {
  replicas = new SessionReplicas();
  room = replicas.replica();
});
afterEach(() => replicas.close());

/** Pages as they use express-session, and one that does what none of ours does. */
function pages({ isSecure = true } = {}): Express {
  const app = express();
  app.use(
    session({
      store: room.expressStore,
      name: 'kfgw',
      secret: replicas.cookieKeys.map((key) => prepareKey(key).signing),
      genid: () => newSessionId(systemRandom),
      cookie: { secure: isSecure, maxAge: DAY_MS },
      resave: false,
      rolling: false,
      saveUninitialized: false,
    }),
  );
  app.get('/look', (req, res) => {
    res.json({ id: req.sessionID });
  });
  app.get('/login', (req, res, next) => {
    req.session.regenerate((fault) => {
      if (fault !== null && fault !== undefined) {
        next(fault);
        return;
      }
      attachLogin(req.session, replicas.provider.signIn());
      req.session.save((error) => {
        if (error === null || error === undefined) res.json({ id: req.sessionID });
        else next(error);
      });
    });
  });
  app.get('/scribble', (req, res) => {
    Object.assign(req.session, { scribble: 'mine' });
    res.json({ id: req.sessionID });
  });
  app.get('/slow-scribble', (req, res, next) => {
    room.sessions.end(req.sessionID, 'signed_out').then(() => {
      Object.assign(req.session, { scribble: 'mine' });
      res.json({});
    }, next);
  });
  app.get('/destroy', (req, res, next) => {
    req.session.destroy((error) => {
      if (error === null || error === undefined) res.json({});
      else next(error);
    });
  });
  app.use(((error: Error, _req, res, next) => {
    if (res.headersSent) next(error);
    else res.status(503).json({ error: error.name });
  }) satisfies ErrorRequestHandler);
  return app;
}

const cookieOf = (answer: request.Response) => answer.get('Set-Cookie')?.[0] ?? '';
const valueOf = (answer: request.Response) => /=([^;]*)/.exec(cookieOf(answer))?.[1] ?? '';
const sent = (answer: request.Response) => `kfgw=${valueOf(answer)}`;

const body = z.object({ id: z.string() });
const idOf = (answer: request.Response) => body.parse(answer.body).id;

describe('a sign-in through express-session', () => {
  it('makes a session that the doors know by the same cookie', async () => {
    const answer = await request(pages()).get('/login').expect(200);
    expect((await room.authenticator.authenticate(valueOf(answer))).kind).toBe('authenticated');
  });

  it('sets the cookie with every attribute, also when the hop is plain http', async () => {
    const answer = await request(pages()).get('/login').expect(200);
    expect(answer.get('Set-Cookie')).toHaveLength(1);
    const [pair, ...attributes] = cookieOf(answer).split('; ');
    expect(pair).toMatch(/^kfgw=s%3A1\./);
    expect(attributes.toSorted()).toEqual([
      'HttpOnly',
      'Max-Age=86400',
      'Path=/',
      'SameSite=Lax',
      'Secure',
    ]);
  });

  it('sets a plain cookie only where the public origin is plain http', async () => {
    const answer = await request(pages({ isSecure: false }))
      .get('/login')
      .set('X-Forwarded-Proto', 'https');
    expect(cookieOf(answer)).toMatch(/^kfgw=/);
    expect(cookieOf(answer)).not.toContain('Secure');
  });

  it('is written once, and the id in the cookie is nowhere in the store', async () => {
    const answer = await request(pages()).get('/login');
    expect(replicas.store.count('createSession')).toBe(1);
    const id = idOf(answer);
    expect((await replicas.store.inner.readSession(id)).kind).toBe('missing');
    expect((await replicas.store.inner.readSession(sessionKeyOf(id))).kind).toBe('live');
  });

  it('gives a new id every time and ends the session before it', async () => {
    const app = pages();
    const first = await request(app).get('/login');
    const second = await request(app).get('/login').set('Cookie', sent(first));
    expect(idOf(second)).not.toBe(idOf(first));
    expect((await room.authenticator.authenticate(valueOf(first))).kind).toBe('absent');
    expect((await room.authenticator.authenticate(valueOf(second))).kind).toBe('authenticated');
  });

  it('does not take an id that somebody else planted', async () => {
    const app = pages();
    const attacker = await request(app).get('/login');
    const victim = await request(app).get('/login').set('Cookie', sent(attacker));
    expect(valueOf(victim)).not.toBe(valueOf(attacker));
    expect((await room.authenticator.authenticate(valueOf(attacker))).kind).toBe('absent');
  });

  it('fails with the fault of the store, and no cookie, when the store is down', async () => {
    replicas.store.health = 'down';
    const answer = await request(pages()).get('/login').expect(503, { error: 'StoreUnavailable' });
    expect(answer.get('Set-Cookie')).toBeUndefined();
  });
});

describe('any other page', () => {
  it('makes no session and sets no cookie', async () => {
    for (const path of ['/look', '/destroy']) {
      const answer = await request(pages()).get(path).expect(200);
      expect(answer.get('Set-Cookie')).toBeUndefined();
    }
  });

  it('writes nothing, whatever it does to a session that is none', async () => {
    for (const path of ['/look', '/destroy', '/scribble']) {
      await request(pages()).get(path).expect(200);
    }
    expect(replicas.store.calls.filter((call) => call !== 'readSession')).toEqual([]);
  });

  it('never sends the cookie of a session again, whatever it did to the session', async () => {
    const app = pages();
    const login = await request(app).get('/login');
    for (const path of ['/look', '/scribble']) {
      const answer = await request(app).get(path).set('Cookie', sent(login)).expect(200);
      expect(idOf(answer)).toBe(idOf(login));
      expect(answer.get('Set-Cookie')).toBeUndefined();
    }
  });

  it('cannot bring back a session that is revoked while it is in flight', async () => {
    const app = pages();
    const login = await request(app).get('/login');
    await request(app).get('/slow-scribble').set('Cookie', sent(login)).expect(200);
    expect(await room.authenticator.authenticate(valueOf(login))).toEqual({
      kind: 'absent',
      reason: 'signed_out',
    });
    const stored = await replicas.store.inner.readSession(sessionKeyOf(idOf(login)));
    expect(stored.kind).toBe('ended');
  });

  it('can end the session', async () => {
    const app = pages();
    const login = await request(app).get('/login');
    await request(app).get('/destroy').set('Cookie', sent(login)).expect(200);
    expect((await room.authenticator.authenticate(valueOf(login))).kind).toBe('absent');
  });

  it('never takes a cookie that we did not sign to the store', async () => {
    const trips = replicas.store.calls.length;
    const answer = await request(pages()).get('/look').set('Cookie', 'kfgw=s%3A1.forged.forged');
    expect(answer.status).toBe(200);
    expect(replicas.store.calls).toHaveLength(trips);
  });

  it('hears of a store that is down, instead of taking the person for a stranger', async () => {
    const app = pages();
    const login = await request(app).get('/login');
    replicas.store.health = 'down';
    await request(app).get('/look').set('Cookie', sent(login)).expect(503);
  });
});
