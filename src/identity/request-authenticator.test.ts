// Who makes a request that carries a token, a cookie, or both.
import { describe, expect, test } from 'vitest';
import { questionFor } from '../../test/fixtures/questions.ts';
import { ScriptedSessions } from '../../test/fixtures/scripted-sessions.ts';
import { ScriptedTokens } from '../../test/fixtures/scripted-tokens.ts';
import type { RequestHead } from '../request/request-head.ts';
import { credentialsText, RequestAuthenticator } from './request-authenticator.ts';

function start() {
  const sessions = new ScriptedSessions();
  const tokens = new ScriptedTokens();
  sessions.begin('mine', 'me@example.com');
  tokens.accept('mine', 'me@example.com');
  tokens.accept('others', 'other@example.com');
  return { sessions, tokens, authenticator: new RequestAuthenticator({ sessions, tokens }) };
}

function headWith({ token, cookie }: { token?: string; cookie?: string }): RequestHead {
  const headers = [
    ...(token === undefined ? [] : ['Authorization', `Bearer ${token}`]),
    ...(cookie === undefined ? [] : ['Cookie', `kfgw=${cookie}`]),
  ];
  return questionFor('/app', headers).head;
}

describe('the maker of a request', () => {
  test('without credentials is nobody, and nobody is asked', () => {
    const { authenticator, sessions, tokens } = start();
    expect(authenticator.authenticate(headWith({}))).toMatchObject({ kind: 'absent' });
    expect(authenticator.recheck(headWith({}))).toMatchObject({ kind: 'absent' });
    expect([sessions.questions, tokens.clients.length]).toEqual([0, 0]);
  });

  test.each(['authenticate', 'recheck'] as const)(
    'is the holder of the token where the cookie says nothing else (%s)',
    async (method) => {
      const { authenticator, sessions } = start();
      for (const cookie of ['mine', 'ended', undefined]) {
        const head = headWith({ token: 'mine', ...(cookie === undefined ? {} : { cookie }) });
        expect(await authenticator[method](head)).toMatchObject({
          kind: 'authenticated',
          identity: { credential: { kind: 'token' } },
        });
      }
      sessions.store = Promise.resolve();
      expect(
        await authenticator[method](headWith({ token: 'mine', cookie: 'mine' })),
      ).toMatchObject({ kind: 'authenticated' });
    },
  );

  test.each(['authenticate', 'recheck'] as const)(
    'cannot be told where token and cookie are of two people (%s)',
    (method) => {
      const { authenticator } = start();
      expect(authenticator[method](headWith({ token: 'others', cookie: 'mine' }))).toEqual({
        kind: 'conflict',
        reason: 'conflicting_credentials',
      });
    },
  );

  test('is not asked for where the session beside the token cannot be read', () => {
    const { authenticator, sessions } = start();
    const unavailable = {
      kind: 'unavailable',
      reason: 'session_store_unavailable',
      retryAfterSec: 5,
    } as const;
    sessions.set('mine', unavailable);
    expect(authenticator.authenticate(headWith({ token: 'mine', cookie: 'mine' }))).toEqual(
      unavailable,
    );
  });

  test('with a bad token is not made up for by a good cookie', () => {
    const { authenticator, sessions } = start();
    const head = headWith({ token: 'bad', cookie: 'mine' });
    expect(authenticator.authenticate(head)).toMatchObject({ kind: 'rejected' });
    expect(authenticator.recheck(head)).toMatchObject({ kind: 'rejected' });
    expect(sessions.questions).toBe(0);
  });

  test('with an empty token is rejected, not absent', () => {
    const { authenticator } = start();
    expect(authenticator.authenticate(headWith({ token: '' }))).toMatchObject({ kind: 'rejected' });
  });
});

test('credentials are grouped by both values, which cannot run into each other', () => {
  const texts = [
    headWith({ token: 'a', cookie: 'b' }),
    headWith({ token: 'b', cookie: 'a' }),
    headWith({ token: 'ab' }),
    headWith({ cookie: 'ab' }),
    headWith({}),
  ].map(credentialsText);
  expect(new Set(texts).size).toBe(texts.length);
});
