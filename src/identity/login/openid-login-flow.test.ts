import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerJson } from '../../../test/fixtures/json-answer.ts';
import {
  LoginUnderTest,
  loginOf,
  type LoginBrowser,
  type LoginChanges,
} from '../../../test/fixtures/login-under-test.ts';
import {
  startOpenidProvider,
  TEST_REDIRECT_URI,
  type OpenidProvider,
} from '../../../test/fixtures/openid-provider.ts';
import { systemClock } from '../../kernel/clock.ts';
import type { CompleteLogin } from './login-flow.ts';
import type { LoginDependencies } from './login-options.ts';

let provider: OpenidProvider;
let gateway: LoginUnderTest;
const jane = {
  sub: 'subject-1',
  claims: { email: 'jane@example.com', email_verified: true, groups: ['team-a', 'b,c'] },
};

async function gatewayWith(
  changes: Partial<LoginChanges> = {},
  deps: Partial<LoginDependencies> = {},
): Promise<LoginUnderTest> {
  const options = {
    issuer: provider.issuer,
    clientId: provider.clientId,
    redirectUri: TEST_REDIRECT_URI,
    timeoutMs: 5_000,
    ...changes,
  };
  const made = new LoginUnderTest(provider.clientSecret, options, deps);
  await made.isReady();
  return made;
}

beforeAll(async () => {
  provider = await startOpenidProvider();
  gateway = await gatewayWith();
});

afterAll(async () => {
  gateway[Symbol.dispose]();
  await provider[Symbol.asyncDispose]();
});

beforeEach(() => {
  provider.tap = () => false;
  provider.person = jane;
});

function reasonOf(outcome: CompleteLogin): string {
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind;
}

describe('the way to the provider', () => {
  it('asks for a code with PKCE, nonce, state and the scopes, and names the redirect URI', async () => {
    const url = new URL(await gateway.browser().begin('/jupyter/?secret=1'));
    expect(url.origin).toBe(provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'kubeflow',
      response_type: 'code',
      redirect_uri: TEST_REDIRECT_URI,
      scope: 'openid email profile groups offline_access',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      state: expect.stringMatching(/^[\w-]{43}\.[\w-]+$/) as string,
    });
    expect(gateway.login.flow.providerOrigin()).toBe(provider.issuer);
  });

  it('is a path where the gateway itself shows the provider', async () => {
    using split = await gatewayWith({
      endpoints: { authorization: '/dex/auth?connector_id=ldap' },
      redirectUri: '/oauth2/callback',
    });
    const location = await split.browser().begin();
    expect(location).toMatch(/^\/dex\/auth\?connector_id=ldap&redirect_uri=%2Foauth2%2Fcallback&/);
    expect(split.login.flow.providerOrigin()).toBeUndefined();
  });
});

describe('signing in at a certified provider', () => {
  it('yields the principal, the tokens and the way back', async () => {
    const browser = gateway.browser();
    const callback = await provider.signIn(await browser.begin('/pipeline/?ns=a#/runs'));
    const outcome = await browser.complete(callback);
    expect(outcome).toMatchObject({ kind: 'completed', returnTo: '/pipeline/?ns=a#/runs' });
    const { claims, tokens } = loginOf(outcome);
    expect(claims.principal).toEqual({ userId: 'jane@example.com', groups: ['team-a'] });
    expect(claims.email).toBe('jane@example.com');
    expect(Math.abs(claims.authTimeSec - Date.now() / 1_000)).toBeLessThan(60);
    expect(claims.expiresAtMs).toBeGreaterThan(Date.now());
    expect(tokens).toMatchObject({ issuer: provider.issuer, clientId: 'kubeflow', sub: jane.sub });
    expect(tokens.refreshToken).toBeTypeOf('string');
  });

  it('sends the client secret in the form where that is configured', async () => {
    using posting = await gatewayWith({ clientAuthentication: 'client_secret_post' });
    const authorizations: unknown[] = [];
    provider.tap = (req) => {
      if (req.method === 'POST') authorizations.push(req.headers.authorization);
      return false;
    };
    const browser = posting.browser();
    const outcome = await browser.complete(await provider.signIn(await browser.begin()));
    expect(outcome.kind).toBe('completed');
    expect(authorizations.filter((value) => value !== undefined)).toEqual([]);
  });

  it('lets five tabs sign in at once that do not know of each other', async () => {
    const browser = gateway.browser();
    const paths = ['/1', '/2', '/3', '/4', '/5'];
    const begun = await Promise.all(paths.map((path) => gateway.login.flow.begin(path, undefined)));
    const callbacks = await Promise.all(begun.map((b) => provider.signIn(browser.take(b))));
    const outcomes = [];
    for (const callback of callbacks) outcomes.push(await browser.complete(callback));
    expect(outcomes.map((o) => o.kind === 'completed' && o.returnTo)).toEqual(paths);
    expect(browser.cookies).toBe('');
  });

  it('refuses a person whose claims break a rule, and says why', async () => {
    provider.person = { ...jane, claims: { ...jane.claims, email_verified: false } };
    const browser = gateway.browser();
    const outcome = await browser.complete(await provider.signIn(await browser.begin('/deep')));
    expect(outcome).toMatchObject({
      kind: 'refused',
      reason: 'email_not_verified',
      returnTo: '/deep',
    });
  });

  it('reads claims of the user info endpoint where that is configured', async () => {
    using asking = await gatewayWith({ useUserinfo: true });
    provider.tap = (req, res) =>
      req.url === '/me' &&
      answerJson(res, 200, { sub: jane.sub, groups: ['from-userinfo'], email_verified: true });
    const browser = asking.browser();
    const outcome = await browser.complete(await provider.signIn(await browser.begin()));
    expect(loginOf(outcome).claims.principal).toEqual({
      userId: 'jane@example.com',
      groups: ['from-userinfo'],
    });
  });

  it('refuses user info about somebody else', async () => {
    using asking = await gatewayWith({ useUserinfo: true });
    provider.tap = (req, res) => req.url === '/me' && answerJson(res, 200, { sub: 'mallory' });
    const browser = asking.browser();
    const outcome = await browser.complete(await provider.signIn(await browser.begin()));
    expect(reasonOf(outcome)).toBe('login_failed');
  });
});

describe('a sign-in for an action', () => {
  const action = '{"kind":"approve-device","userCode":"BCDF-GHJK"}';

  async function beginFor(login: LoginUnderTest, browser: LoginBrowser): Promise<string> {
    return browser.take(await login.login.flow.begin('/', browser.cookies, action));
  }

  it('asks the provider to authenticate the person anew', async () => {
    const url = new URL(await beginFor(gateway, gateway.browser()));
    expect(url.searchParams.get('prompt')).toBe('login');
    expect(url.searchParams.get('max_age')).toBe('0');
    expect(url.href).not.toContain('BCDF');
  });

  it('yields the action, and a sign-in without one yields none', async () => {
    const browser = gateway.browser();
    const callback = await provider.signIn(await beginFor(gateway, browser));
    expect(await browser.complete(callback)).toMatchObject({ kind: 'completed', action });
    const plain = await browser.complete(await provider.signIn(await browser.begin()));
    expect(plain).toMatchObject({ kind: 'completed', action: undefined });
  });

  it.each([
    [25, 'completed'],
    [60, 'login_not_fresh'],
  ])('with an authentication %i seconds before it began: %s', async (aheadSec, expected) => {
    const nowMs = () => systemClock.nowMs() + aheadSec * 1_000;
    using ahead = await gatewayWith({}, { clock: { ...systemClock, nowMs } });
    const browser = ahead.browser();
    const callback = await provider.signIn(await beginFor(ahead, browser));
    expect(reasonOf(await browser.complete(callback))).toBe(expected);
  });

  it('that is only to sign in does not ask when the person authenticated', async () => {
    const nowMs = () => systemClock.nowMs() + 60_000;
    using ahead = await gatewayWith({}, { clock: { ...systemClock, nowMs } });
    const browser = ahead.browser();
    const outcome = await browser.complete(await provider.signIn(await browser.begin()));
    expect(outcome.kind).toBe('completed');
  });
});

describe('an answer that does not belong to a sign-in of this browser', () => {
  async function callbackOf(browser: LoginBrowser): Promise<URL> {
    return provider.signIn(await browser.begin('/deep'));
  }

  async function redeemed(act: () => Promise<CompleteLogin>): Promise<[string, number]> {
    const before = provider.requests.length;
    const reason = reasonOf(await act());
    const later = provider.requests.slice(before);
    return [reason, later.filter((request) => request === 'POST /token').length];
  }

  const spelled = (q: URLSearchParams, change: (state: string) => string) =>
    q.set('state', change(q.get('state') ?? ''));

  it.each<[string, (q: URLSearchParams) => void]>([
    ['has no state', (q) => q.delete('state')],
    ['has an empty state', (q) => q.set('state', '')],
    ['has a made-up state', (q) => q.set('state', 'a.b')],
    ['has its state twice', (q) => q.append('state', q.get('state') ?? '')],
    ['has a state of two spellings', (q) => spelled(q, (state) => `${state}A`)],
    ['has a state with more', (q) => spelled(q, (state) => `${state}.x`)],
    [
      'has another return address',
      (q) => spelled(q, (state) => state.replace(/.{9}$/, 'AAAAAAAAA')),
    ],
    ['has another id', (q) => spelled(q, (state) => state.replace(/^./, '!'))],
  ])('is refused before the code is redeemed when it %s', async (_name, change) => {
    const browser = gateway.browser();
    const callback = await callbackOf(browser);
    change(callback.searchParams);
    const result = await redeemed(() => browser.complete(callback));
    expect(result).toEqual(['login_state_mismatch', 0]);
  });

  it('is refused before the code is redeemed when another browser began it', async () => {
    const victim = gateway.browser();
    await victim.begin();
    const callback = await callbackOf(gateway.browser());
    expect(await redeemed(() => victim.complete(callback))).toEqual(['login_attempt_missing', 0]);
  });

  it('serves once, and the second time it still knows where it was going', async () => {
    const browser = gateway.browser();
    const callback = await callbackOf(browser);
    expect((await browser.complete(callback)).kind).toBe('completed');
    expect(await browser.complete(callback)).toMatchObject({
      reason: 'login_attempt_missing',
      returnTo: '/deep',
    });
  });

  it('is refused when it names another issuer (RFC 9207), and when it names none', async () => {
    for (const iss of ['https://evil.example', undefined]) {
      const browser = gateway.browser();
      const callback = await callbackOf(browser);
      expect(callback.searchParams.get('iss')).toBe(provider.issuer);
      if (iss === undefined) callback.searchParams.delete('iss');
      else callback.searchParams.set('iss', iss);
      expect(await redeemed(() => browser.complete(callback))).toEqual(['login_failed', 0]);
    }
  });

  it('is refused when the code is of another sign-in: PKCE and nonce do not fit', async () => {
    const browser = gateway.browser();
    const one = await callbackOf(browser);
    const other = await callbackOf(browser);
    one.searchParams.set('code', other.searchParams.get('code') ?? '');
    expect(reasonOf(await browser.complete(one))).toBe('login_failed');
  });
});

describe('a refusal by the provider', () => {
  it.each([
    ['access_denied', 'access_denied'],
    ['x\r\nforged line', 'no error code'],
    ['x'.repeat(100), 'no error code'],
  ])('is told with its error code, sanitised: %j', async (error, logged) => {
    const browser = gateway.browser();
    const state = new URL(await browser.begin('/deep')).searchParams.get('state') ?? '';
    const query = new URLSearchParams({ error, state, iss: provider.issuer });
    query.set('error_description', 'free text of anyone');
    gateway.log.lines.length = 0;
    const outcome = await browser.complete(query.toString());
    expect(outcome).toMatchObject({ reason: 'login_refused_by_provider', returnTo: '/deep' });
    expect(gateway.log.lines.join()).toContain(logged);
    expect(gateway.log.lines.join()).not.toMatch(/forged|xxx|free text/);
    expect(browser.cookies).toBe('');
  });

  it('of the code is a failed sign-in whose code is in no log', async () => {
    const browser = gateway.browser();
    const callback = await provider.signIn(await browser.begin());
    const code = 'code-that-nobody-issued';
    callback.searchParams.set('code', code);
    expect(reasonOf(await browser.complete(callback))).toBe('login_failed');
    expect(gateway.log.lines.join()).toContain('invalid_grant');
    expect(gateway.log.lines.join()).not.toContain(code);
  });
});

describe('a provider that does not answer properly when the code is redeemed', () => {
  it.each<[string, (res: ServerResponse) => void]>([
    ['fails', (res) => answerJson(res, 500, { error: 'x' })],
    ['is overloaded', (res) => answerJson(res, 429, {})],
    ['closes the connection', (res) => res.socket?.destroy()],
    ['answers without end', (res) => res.write(' '.repeat(2 ** 21))],
    ['never answers', () => undefined],
    ['stops in the middle', (res) => res.writeHead(200, { 'content-length': 9 }).write('{')],
  ])('is unavailable, and the attempt stays, when it %s', async (_name, answer) => {
    using hasty = await gatewayWith({ timeoutMs: 1_000 });
    const browser = hasty.browser();
    const callback = await provider.signIn(await browser.begin('/deep'));
    provider.tap = (req, res) => {
      if (req.url !== '/token') return false;
      answer(res);
      return true;
    };
    const outcome = await browser.complete(callback);
    expect(outcome).toEqual({ kind: 'unavailable', returnTo: '/deep', retryAfterSec: 5 });
    provider.tap = () => false;
    expect((await browser.complete(callback)).kind).toBe('completed');
  });

  it('is a failed sign-in when it sends us elsewhere, and nobody follows', async () => {
    const browser = gateway.browser();
    const callback = await provider.signIn(await browser.begin());
    provider.tap = (req, res) => {
      if (req.url !== '/token') return false;
      res.writeHead(307, { location: `${provider.issuer}/elsewhere` }).end();
      return true;
    };
    expect(reasonOf(await browser.complete(callback))).toBe('login_failed');
    expect(provider.requests).not.toContain('POST /elsewhere');
  });
});
