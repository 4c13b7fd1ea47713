// Sign-in, refresh and sign-out at both pinned versions of the real Dex.
import { describe, expect, it } from 'vitest';
import type { CompletedLogin } from '../../src/identity/login/completed-login.ts';
import { LoginUnderTest, loginOf } from '../fixtures/login-under-test.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { DEX_PASSWORD, kubeflowClient, kubeflowUser } from '../neighbours/dex-config.ts';
import { startDex, type Dex } from '../neighbours/dex.ts';
import { signInByForm, type Person } from '../neighbours/sign-in-form.ts';

/** As in the Kubeflow distribution: the issuer is a name inside the cluster. */
const ISSUER = 'http://dex.auth.svc.cluster.local:5556/dex';
const user: Person = { login: kubeflowUser.email, password: DEX_PASSWORD };

function gatewayAt(dex: Dex): LoginUnderTest {
  return new LoginUnderTest(kubeflowClient.secret, {
    issuer: ISSUER,
    clientId: kubeflowClient.id,
    endpoints: { authorization: '/dex/auth', token: `${dex.url}/token`, jwks: `${dex.url}/keys` },
  });
}

/** Signs in as a browser would whose gateway shows Dex at `/dex/`. */
async function signIn(gateway: LoginUnderTest, dex: Dex, person = user): Promise<CompletedLogin> {
  const browser = gateway.browser();
  const location = await browser.begin('/jupyter/?ns=team-a');
  expect(location).toMatch(/^\/dex\/auth\?/);
  const { url } = await signInByForm(new URL(location, dex.url), person, {
    until: ({ pathname }) => pathname === '/oauth2/callback',
  });
  const outcome = await browser.complete(url);
  expect(outcome).toMatchObject({ kind: 'completed', returnTo: '/jupyter/?ns=team-a' });
  return loginOf(outcome);
}

describe.each(['2.45.1', '2026-08-06'] as const)('Dex %s', (version) => {
  describeWith([`dex-${version}`], 'with the distribution’s client and split endpoints', () => {
    it('signs a static user in with the relative redirect URI in both legs', async () => {
      await using dex = await startDex({ version, issuer: ISSUER });
      using gateway = gatewayAt(dex);
      await gateway.isReady();
      const { claims, tokens } = await signIn(gateway, dex);
      expect(claims.principal).toEqual({ userId: 'user@example.com', groups: [] });
      expect(tokens).toMatchObject({ issuer: ISSUER, clientId: kubeflowClient.id });
      expect(tokens.refreshToken).toBeTypeOf('string');
    });
  });
});
