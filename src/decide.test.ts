import { describe, expect, it } from 'vitest';
import { decide, Permit, Public, type Question } from './decide.ts';
import type { Authentication, Identity } from './identity/authentication.ts';
import type { RequestHead } from './request/request-head.ts';

const head: RequestHead = {
  id: 'r1',
  method: 'GET',
  target: { raw: '/', path: '/', query: undefined, segments: [''], decodedSegments: [''] },
  rawHeaders: [],
  host: 'kubeflow.example.com',
  client: { address: '127.0.0.1', scheme: 'https', host: 'kubeflow.example.com' },
  authorization: { kind: 'none' },
  sessionCookie: undefined,
  hints: {
    accept: undefined,
    requestedWith: undefined,
    fetchMode: undefined,
    fetchDest: undefined,
    fetchSite: undefined,
    origin: undefined,
    referer: undefined,
    isWebSocket: false,
  },
  removedHeaders: [],
};
const identity: Identity = {
  principal: { userId: 'user@example.com', groups: [] },
  credential: { kind: 'session', sessionHandle: 's1' },
  headers: [['kubeflow-userid', 'user@example.com']],
  assertion: () => 'jwt',
  markUsed: () => undefined,
};
const signedIn: Authentication = { kind: 'authenticated', identity };
const others: readonly Authentication[] = [
  { kind: 'absent', reason: 'sign_in_required' },
  { kind: 'rejected', reason: 'invalid_token' },
  { kind: 'unavailable', reason: 'session_store_unavailable', retryAfterSec: 5 },
];

function question(change: Partial<Question> = {}): Question {
  return {
    head,
    route: { id: 'app', access: 'authenticated', neverRedirect: false },
    client: 'navigation',
    isSameSite: true,
    ...change,
  };
}

describe('decide', () => {
  it('permits an identified caller and hands on the identity', () => {
    const outcome = decide(question(), signedIn);
    expect(outcome).toBeInstanceOf(Permit);
    expect((outcome as Permit).identity).toBe(identity);
  });

  it('lets a public route win over every authentication, rejected and unavailable included', () => {
    const route = { id: 'dex', access: 'public', neverRedirect: false } as const;
    for (const authentication of [signedIn, ...others]) {
      expect(decide(question({ route, isSameSite: false }), authentication)).toBeInstanceOf(Public);
    }
  });

  it('makes no permit of anything but an authenticated caller', () => {
    for (const authentication of others) {
      expect(decide(question(), authentication)).not.toBeInstanceOf(Permit);
    }
  });

  it('refuses what another site asked with the cookie', () => {
    expect(decide(question({ isSameSite: false }), signedIn)).toEqual({
      kind: 'refuse',
      reason: 'cross_site',
    });
  });

  it('never answers a rejected credential with a login', () => {
    const outcome = decide(question(), { kind: 'rejected', reason: 'invalid_token' });
    expect(outcome).toEqual({ kind: 'challenge', reason: 'invalid_token', client: 'program' });
  });

  it('challenges an absent caller in the form that the client can use', () => {
    for (const client of ['navigation', 'frame', 'program'] as const) {
      const outcome = decide(question({ client }), { kind: 'absent', reason: 'session_ended' });
      expect(outcome).toEqual({ kind: 'challenge', reason: 'session_ended', client });
    }
  });

  it('is the only maker of a permit', () => {
    const forge = Permit as unknown as new (proof: symbol, identity: Identity) => Permit;
    expect(() => new forge(Symbol('made by decide'), identity)).toThrow(TypeError);
  });
});
