import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LoginUnderTest } from '../../../test/fixtures/login-under-test.ts';
import {
  startOpenidProvider,
  type OpenidProvider,
} from '../../../test/fixtures/openid-provider.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
let provider: OpenidProvider;
let stranger: OpenidProvider;
let gateway: LoginUnderTest;

beforeAll(async () => {
  provider = await startOpenidProvider();
  stranger = await startOpenidProvider({ hasOwnKey: true });
  gateway = await newGateway();
});

afterAll(async () => {
  gateway[Symbol.dispose]();
  await provider[Symbol.asyncDispose]();
  await stranger[Symbol.asyncDispose]();
});

beforeEach(() => {
  provider.tap = () => false;
});

async function newGateway(): Promise<LoginUnderTest> {
  const { clientSecret, issuer, clientId } = provider;
  const made = new LoginUnderTest(clientSecret, { issuer, clientId, timeoutMs: 5_000 });
  await made.isReady();
  return made;
}

const nowSec = () => Math.floor(Date.now() / 1_000);

function claimsWith(changes: Readonly<Record<string, unknown>> = {}): JWTPayload {
  const all: Readonly<Record<string, unknown>> = {
    iss: provider.issuer,
    aud: provider.clientId,
    iat: nowSec(),
    exp: nowSec() + 120,
    jti: 'message-1',
    sub: 'subject-1',
    sid: 'session-1',
    events: { [EVENT]: {} },
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function verify(token: string) {
  return gateway.login.flow.verifyLogoutToken(token);
}

describe('a logout token', () => {
  it('names the person and the session, and until when it could be replayed', async () => {
    const outcome = await verify(await provider.sign(claimsWith(), { typ: 'logout+jwt' }));
    expect(outcome).toEqual({
      kind: 'verified',
      selector: {
        issuer: provider.issuer,
        clientId: provider.clientId,
        sub: 'subject-1',
        providerSid: 'session-1',
      },
      jti: 'message-1',
      expiresAtMs: expect.any(Number) as number,
    });
    const lastSec = outcome.kind === 'verified' ? outcome.expiresAtMs / 1_000 : 0;
    expect(Math.abs(lastSec - nowSec() - 150)).toBeLessThan(5);
  });

  it.each([
    ['without a type', {}, {}],
    ['of type JWT', {}, { typ: 'JWT' }],
    ['of type application/logout+jwt', {}, { typ: 'application/logout+jwt' }],
    ['that names the person only', { sid: undefined }, {}],
    ['that names the session only', { sub: undefined }, {}],
    ['for us among others', { aud: ['other', 'kubeflow'] }, {}],
    ['that is a little early', { iat: Math.floor(Date.now() / 1_000) + 20 }, {}],
  ])('is accepted %s', async (_name, changes, header) => {
    const outcome = await verify(await provider.sign(claimsWith(changes), header));
    expect(outcome.kind).toBe('verified');
  });

  it('is never remembered for longer than it is accepted, however late its end', async () => {
    const outcome = await verify(await provider.sign(claimsWith({ exp: nowSec() + 10 ** 8 })));
    const lastSec = outcome.kind === 'verified' ? outcome.expiresAtMs / 1_000 : 0;
    expect(Math.abs(lastSec - nowSec() - 630)).toBeLessThan(5);
  });

  it.each([
    ['is an ID token: it has a nonce', { nonce: 'n' }, {}],
    ['has an empty nonce', { nonce: '' }, {}],
    ['has no events', { events: undefined }, {}],
    ['has events that are a list', { events: [EVENT] }, {}],
    ['has another event', { events: { 'http://schemas.openid.net/event/other': {} } }, {}],
    ['has a logout event that is no object', { events: { [EVENT]: true } }, {}],
    ['inherits its event', { events: JSON.parse(`{"__proto__":{"${EVENT}":{}}}`) as unknown }, {}],
    ['names nobody', { sub: undefined, sid: undefined }, {}],
    ['names nobody but by empty text', { sub: '', sid: '' }, {}],
    ['has a sid that is no text', { sub: undefined, sid: 7 }, {}],
    ['has no jti', { jti: undefined }, {}],
    ['has an empty jti', { jti: '' }, {}],
    ['is for another client', { aud: 'other' }, {}],
    ['is for nobody', { aud: undefined }, {}],
    ['is of another issuer', { iss: 'https://evil.example' }, {}],
    ['is of no issuer', { iss: undefined }, {}],
    ['has expired', { exp: 1_700_000_000 }, {}],
    ['never expires', { exp: undefined }, {}],
    ['is too old', { iat: Math.floor(Date.now() / 1_000) - 700 }, {}],
    ['is from the future', { iat: Math.floor(Date.now() / 1_000) + 100 }, {}],
    ['has no time of issue', { iat: undefined }, {}],
    ['is typed as something else', {}, { typ: 'at+jwt' }],
  ])('is refused when it %s', async (_name, changes, header) => {
    const token = await provider.sign(claimsWith(changes), header);
    expect(await verify(token)).toEqual({ kind: 'refused' });
  });

  it('is refused when a stranger signed it, or nobody', async () => {
    const [header = '', payload = ''] = (await provider.sign(claimsWith())).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const hostile = [
      await stranger.sign(claimsWith()),
      `${none}.${payload}.`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      '',
      'x',
      'x'.repeat(100_000),
    ];
    for (const token of hostile) expect(await verify(token)).toEqual({ kind: 'refused' });
  });

  it('cannot bring its own key, by value or by address', async () => {
    const jku = `${stranger.issuer}/jwks`;
    const header = { jku, x5u: jku, jwk: { kty: 'RSA', n: 'x', e: 'AQAB' } };
    expect(await verify(await stranger.sign(claimsWith(), header))).toEqual({ kind: 'refused' });
    expect(stranger.requests).toEqual([]);
  });

  it('appears in no log', async () => {
    const token = await provider.sign(claimsWith({ aud: 'other', sub: 'a-secret-subject' }));
    await verify(token);
    expect(gateway.log.lines.join()).toContain('aud');
    expect(gateway.log.lines.join()).not.toMatch(/a-secret-subject|eyJ/);
  });
});

describe('keys that nobody knows', () => {
  const keyRequests = () => provider.requests.filter((r) => r === 'GET /jwks').length;

  it('cost the provider one question, however many tokens name them', async () => {
    using fresh = await newGateway();
    const before = keyRequests();
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, n) => provider.sign(claimsWith(), { kid: `made-up-${n}` })),
    );
    for (const token of tokens) {
      expect((await fresh.login.flow.verifyLogoutToken(token)).kind).toBe('refused');
    }
    expect(keyRequests() - before).toBeLessThanOrEqual(1);
  });
});
