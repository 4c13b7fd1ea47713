import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LoginUnderTest, loginOf } from '../../../test/fixtures/login-under-test.ts';
import {
  startOpenidProvider,
  TEST_REDIRECT_URI,
  type OpenidProvider,
} from '../../../test/fixtures/openid-provider.ts';

let provider: OpenidProvider;
let gateway: LoginUnderTest;

beforeAll(async () => {
  provider = await startOpenidProvider();
  gateway = new LoginUnderTest(provider.clientSecret, {
    issuer: provider.issuer,
    clientId: provider.clientId,
    redirectUri: TEST_REDIRECT_URI,
  });
  await gateway.isReady();
});

afterAll(async () => {
  gateway[Symbol.dispose]();
  await provider[Symbol.asyncDispose]();
});

beforeEach(() => {
  provider.tap = () => false;
});

describe('signing in at a certified provider', () => {
  it('yields the principal, the tokens and the way back', async () => {
    const browser = gateway.browser();
    const callback = await provider.signIn(await browser.begin('/pipeline/?ns=a#/runs'));
    const outcome = await browser.complete(callback);
    expect(outcome).toMatchObject({ kind: 'completed', returnTo: '/pipeline/?ns=a#/runs' });
    const { claims, tokens } = loginOf(outcome);
    expect(claims.principal).toEqual({ userId: 'user@example.com', groups: ['team-a'] });
    expect(claims.email).toBe('user@example.com');
    expect(Math.abs(claims.authTimeSec - Date.now() / 1_000)).toBeLessThan(60);
    expect(claims.expiresAtMs).toBeGreaterThan(Date.now());
    expect(tokens).toMatchObject({
      issuer: provider.issuer,
      clientId: 'kubeflow',
      sub: 'subject-1',
    });
    expect(tokens.refreshToken).toBeTypeOf('string');
  });
});
