import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerJson } from '../../../test/fixtures/json-answer.ts';
import { LoginUnderTest, loginOf } from '../../../test/fixtures/login-under-test.ts';
import {
  startOpenidProvider,
  TEST_REDIRECT_URI,
  type OpenidProvider,
} from '../../../test/fixtures/openid-provider.ts';
import type { CompletedLogin, ProviderTokens, RefreshOutcome } from './completed-login.ts';

let provider: OpenidProvider;
let gateway: LoginUnderTest;
const jane = {
  sub: 'subject-1',
  claims: { email: 'jane@example.com', email_verified: true, groups: ['team-a'] },
};

beforeAll(async () => {
  provider = await startOpenidProvider();
  gateway = new LoginUnderTest(provider.clientSecret, {
    issuer: provider.issuer,
    clientId: provider.clientId,
    redirectUri: TEST_REDIRECT_URI,
    timeoutMs: 1_000,
  });
  await gateway.isReady();
});

afterAll(async () => {
  gateway[Symbol.dispose]();
  await provider[Symbol.asyncDispose]();
});

beforeEach(() => {
  provider.tap = () => false;
  provider.person = jane;
  gateway.log.lines.length = 0;
});

async function signedIn(): Promise<ProviderTokens> {
  const browser = gateway.browser();
  const callback = await provider.signIn(await browser.begin());
  return loginOf(await browser.complete(callback)).tokens;
}

function refreshedLogin(outcome: RefreshOutcome): CompletedLogin {
  if (outcome.kind !== 'refreshed') throw new Error(outcome.kind);
  return outcome.login;
}

/** The next answer of the token endpoint. */
function tokenEndpoint(status: number, body: Readonly<Record<string, unknown>>): void {
  provider.tap = (req, res) => req.url === '/token' && answerJson(res, status, body);
}

async function tokenWith(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const times = { iat: now, exp: now + 300 };
  const { issuer, clientId } = provider;
  return provider.sign({
    iss: issuer,
    aud: clientId,
    sub: jane.sub,
    ...times,
    ...jane.claims,
    ...claims,
  });
}

const bearer = { access_token: 'a', token_type: 'Bearer' };

describe('a refresh', () => {
  it('yields what the provider says of the person now, and new tokens', async () => {
    const tokens = await signedIn();
    provider.person = { ...jane, claims: { ...jane.claims, groups: ['team-b', 'system:masters'] } };
    const { claims, tokens: fresh } = refreshedLogin(await gateway.login.refresh(tokens));
    expect(claims.principal).toEqual({ userId: 'jane@example.com', groups: ['team-b'] });
    expect(fresh.idToken).not.toBe(tokens.idToken);
    expect(fresh).toMatchObject({ sub: tokens.sub, issuer: provider.issuer });
    expect((await gateway.login.refresh(fresh)).kind).toBe('refreshed');
  });

  it('keeps the refresh token that the answer does not replace', async () => {
    const tokens = await signedIn();
    tokenEndpoint(200, { ...bearer, id_token: await tokenWith({ groups: ['team-c'] }) });
    const { claims, tokens: fresh } = refreshedLogin(await gateway.login.refresh(tokens));
    expect(claims.principal.groups).toEqual(['team-c']);
    expect(fresh.refreshToken).toBe(tokens.refreshToken);
  });

  it('without an ID token repeats what was said, for as long as the answer lives', async () => {
    const tokens = await signedIn();
    tokenEndpoint(200, { ...bearer, expires_in: 100, refresh_token: 'next' });
    const { claims, tokens: fresh } = refreshedLogin(await gateway.login.refresh(tokens));
    expect(claims.principal).toEqual({ userId: 'jane@example.com', groups: ['team-a'] });
    expect(Math.abs(claims.expiresAtMs - Date.now() - 100_000)).toBeLessThan(5_000);
    expect(fresh).toEqual({ ...tokens, refreshToken: 'next' });
  });

  it('needs no nonce', async () => {
    const tokens = await signedIn();
    tokenEndpoint(200, { ...bearer, id_token: await tokenWith({}) });
    expect((await gateway.login.refresh(tokens)).kind).toBe('refreshed');
  });

  it('fails without a refresh token, and asks nobody', async () => {
    const tokens = { ...(await signedIn()), refreshToken: undefined };
    const before = provider.requests.length;
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'failed' });
    expect(provider.requests.length).toBe(before);
  });
});

describe('the identity has changed', () => {
  it.each([
    ['the answer is about somebody else', { sub: 'somebody-else' }],
    ['the user breaks a rule now', { email: 'a@b@c' }],
    ['the e-mail is no longer verified', { email_verified: false }],
  ])('when %s', async (_name, change) => {
    const tokens = await signedIn();
    tokenEndpoint(200, { ...bearer, id_token: await tokenWith(change) });
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'identity-changed' });
  });
});

describe('the grant has ended', () => {
  it('when the provider does not know the token', async () => {
    const tokens = { ...(await signedIn()), refreshToken: 'unknown' };
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'ended' });
    expect(gateway.log.lines.join()).toContain('invalid_grant');
    expect(gateway.log.lines.join()).not.toContain('unknown');
  });

  it.each([
    ['400 invalid_grant', 400, { error: 'invalid_grant' }],
    ['400 invalid_request, as Dex says it', 400, { error: 'invalid_request' }],
    ['400 with nothing to read', 400, {}],
    ['401 invalid_grant', 401, { error: 'invalid_grant' }],
  ])('when it answers %s', async (_name, status, body) => {
    const tokens = await signedIn();
    tokenEndpoint(status, body);
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'ended' });
  });

  it('when it answers 400 with a page', async () => {
    const tokens = await signedIn();
    provider.tap = (req, res) => {
      if (req.url === '/token') res.writeHead(400, { 'content-type': 'text/html' }).end('<p>no');
      return req.url === '/token';
    };
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'ended' });
  });
});

describe('the refresh has failed, and nobody is logged out for it,', () => {
  it.each([
    ['401 invalid_client', 401, { error: 'invalid_client' }],
    ['400 invalid_client', 400, { error: 'invalid_client' }],
    ['400 unauthorized_client', 400, { error: 'unauthorized_client' }],
    ['403', 403, { error: 'access_denied' }],
    ['404', 404, {}],
    ['429', 429, { error: 'invalid_grant' }],
    ['500, as Dex says that a connector refused', 500, { error: 'invalid_request' }],
    ['503', 503, {}],
    ['302', 302, {}],
    ['200 with nothing', 200, {}],
    ['200 with something else', 200, { ...bearer, id_token: 'x.y.z' }],
  ])('when the provider answers %s', async (_name, status, body) => {
    const tokens = await signedIn();
    tokenEndpoint(status, body);
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'failed' });
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'other' }],
    ['another authorized party', { azp: 'other' }],
    ['an end in the past', { exp: 1_700_000_000 }],
  ])('when the ID token has %s', async (_name, change) => {
    const tokens = await signedIn();
    tokenEndpoint(200, { ...bearer, id_token: await tokenWith(change) });
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'failed' });
  });

  it('when the ID token is signed by a stranger', async () => {
    const tokens = await signedIn();
    await using stranger = await startOpenidProvider({ hasOwnKey: true });
    const [header, payload] = (await tokenWith({})).split('.');
    const [, , signature] = (await stranger.sign({})).split('.');
    tokenEndpoint(200, { ...bearer, id_token: [header, payload, signature].join('.') });
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'failed' });
  });

  it('when the provider never answers', async () => {
    const tokens = await signedIn();
    provider.tap = (req) => req.url === '/token';
    expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'failed' });
    expect(gateway.log.lines.join()).toContain('no answer within 1000 ms');
  });

  it('when the user info endpoint refuses after the grant was renewed', async () => {
    using asking = new LoginUnderTest(provider.clientSecret, {
      ...gateway.options,
      useUserinfo: true,
    });
    await asking.isReady();
    const tokens = await signedIn();
    provider.tap = (req, res) =>
      req.url === '/me' && answerJson(res, 400, { error: 'invalid_grant' });
    expect(await asking.login.refresh(tokens)).toEqual({ kind: 'failed' });
  });

  it('while the provider is not known yet', async () => {
    const tokens = await signedIn();
    using early = new LoginUnderTest('x', { ...gateway.options, issuer: 'http://127.0.0.1:1' });
    expect(await early.login.refresh(tokens)).toEqual({ kind: 'failed' });
  });
});
