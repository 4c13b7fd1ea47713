// Sign-in, refresh and sign-out at both pinned versions of the real Dex.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { CompletedLogin } from '../../src/identity/login/completed-login.ts';
import { LoginUnderTest, loginOf, type LoginChanges } from '../fixtures/login-under-test.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { DEX_PASSWORD, kubeflowClient, kubeflowUser } from '../neighbours/dex-config.ts';
import { startDex, type Dex } from '../neighbours/dex.ts';
import { startLdap } from '../neighbours/ldap.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { CookieJar, signInByForm, type Person } from '../neighbours/sign-in-form.ts';

/** As in the Kubeflow distribution: the issuer is a name inside the cluster. */
const ISSUER = 'http://dex.auth.svc.cluster.local:5556/dex';
const user: Person = { login: kubeflowUser.email, password: DEX_PASSWORD };
const jane: Person = { login: 'jane', password: DEX_PASSWORD, connector: 'ldap' };

async function gatewayAt(dex: Dex, changes: Partial<LoginChanges> = {}): Promise<LoginUnderTest> {
  const gateway = new LoginUnderTest(kubeflowClient.secret, {
    issuer: ISSUER,
    clientId: kubeflowClient.id,
    endpoints: { authorization: '/dex/auth', token: `${dex.url}/token`, jwks: `${dex.url}/keys` },
    ...changes,
  });
  await gateway.isReady();
  return gateway;
}

/** Signs in as a browser would whose gateway shows Dex at `/dex/`. */
async function signIn(
  gateway: LoginUnderTest,
  dex: Dex,
  { person = user, jar = new CookieJar() } = {},
): Promise<CompletedLogin> {
  const browser = gateway.browser();
  const location = new URL(await browser.begin('/jupyter/?ns=team-a'), dex.url);
  const { url } = await signInByForm(location, person, {
    jar,
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
      using gateway = await gatewayAt(dex);
      expect(await gateway.browser().begin()).toMatch(
        /^\/dex\/auth\?redirect_uri=%2Foauth2%2Fcallback&/,
      );
      const { claims, tokens } = await signIn(gateway, dex);
      expect(claims.principal).toEqual({ userId: 'user@example.com', groups: [] });
      expect(tokens).toMatchObject({ issuer: ISSUER, clientId: kubeflowClient.id });
      expect(tokens.refreshToken).toBeTypeOf('string');
    });

    it('refreshes, again and again', async () => {
      await using dex = await startDex({ version, issuer: ISSUER });
      using gateway = await gatewayAt(dex);
      const first = await signIn(gateway, dex);
      const second = await gateway.login.refresh(first.tokens);
      if (second.kind !== 'refreshed') throw new Error(second.kind);
      expect(second.login.claims.principal).toEqual(first.claims.principal);
      expect(second.login.tokens.refreshToken).not.toBe(first.tokens.refreshToken);
      const third = await gateway.login.refresh(second.login.tokens);
      expect(third.kind).toBe('refreshed');
    });

    it('ends an older grant when the same person signs in again', async () => {
      await using dex = await startDex({ version, issuer: ISSUER });
      using gateway = await gatewayAt(dex);
      const first = await signIn(gateway, dex);
      const second = await signIn(gateway, dex);
      expect(await gateway.login.refresh(first.tokens)).toEqual({ kind: 'ended' });
      expect((await gateway.login.refresh(second.tokens)).kind).toBe('refreshed');
    });

    it('can hang, go away and come back with other keys, and signs in at once', async () => {
      await using dex = await startDex({ version, issuer: ISSUER });
      using gateway = await gatewayAt(dex, { timeoutMs: 1_500 });
      const { tokens } = await signIn(gateway, dex);
      dex.process.suspend();
      expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'failed' });
      await dex.process.end('SIGKILL');
      expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'failed' });
      await dex.process.restart();
      await signIn(gateway, dex);
      expect(await gateway.login.refresh(tokens)).toEqual({ kind: 'ended' });
    });
  });

  describeWith([`dex-${version}`, 'ldap'], 'with people in a directory', () => {
    it('brings their groups, drops those with commas, and notices changes', async () => {
      const groups = [{ name: 'team-a', members: ['jane'] }];
      await using ldap = await startLdap({
        users: [{ uid: 'jane', mail: 'jane@example.com' }],
        groups,
      });
      await using dex = await startDex({ version, issuer: ISSUER, ldap });
      using gateway = await gatewayAt(dex);
      const first = await signIn(gateway, dex, { person: jane });
      expect(first.claims.principal).toEqual({ userId: 'jane@example.com', groups: ['team-a'] });

      await ldap.addGroup({ name: 'team,b', members: ['jane'] });
      await ldap.addGroup({ name: 'team-c', members: ['jane'] });
      const refreshed = await gateway.login.refresh(first.tokens);
      if (refreshed.kind !== 'refreshed') throw new Error(refreshed.kind);
      const { principal } = refreshed.login.claims;
      expect(principal.groups.toSorted()).toEqual(['team-a', 'team-c']);

      await ldap.deleteUser('jane');
      expect(await gateway.login.refresh(refreshed.login.tokens)).toEqual({ kind: 'failed' });
    });
  });
});

describeWith(['dex-2026-08-06'], 'Dex of 2026-08-06 with sessions', () => {
  it('signs out there as well, and its logout token names the session', async () => {
    await using listener = await startLogoutListener();
    await using dex = await startDex({
      version: '2026-08-06',
      sessions: {},
      clients: [{ ...kubeflowClient, ...listener.registration }],
    });
    using gateway = await gatewayAt(dex, {
      issuer: dex.issuer,
      endpoints: {},
      postLogoutRedirectUri: listener.registration.postLogoutRedirectURIs[0],
    });
    const jar = new CookieJar();
    const { tokens } = await signInByDiscovery(gateway, dex, jar);
    expect(tokens.providerSid).toBeTypeOf('string');

    const address = gateway.login.flow.signOutAddress(tokens) ?? '';
    expect(address.startsWith(`${dex.url}/logout?id_token_hint=`)).toBe(true);
    const end = await signInByForm(address, user, {
      jar,
      until: ({ hostname }) => hostname === 'gateway.test',
    });
    expect(end.url.href).toBe('http://gateway.test/');
    expect(await gateway.login.flow.verifyLogoutToken(await listener.nextToken())).toMatchObject({
      kind: 'verified',
      selector: {
        issuer: dex.issuer,
        clientId: kubeflowClient.id,
        sub: tokens.sub,
        providerSid: tokens.providerSid,
      },
    });
  });
});

async function signInByDiscovery(
  gateway: LoginUnderTest,
  dex: Dex,
  jar: CookieJar,
): Promise<CompletedLogin> {
  const browser = gateway.browser();
  const location = await browser.begin();
  expect(location.startsWith(`${dex.url}/auth?`)).toBe(true);
  const { url } = await signInByForm(location, user, {
    jar,
    until: ({ pathname }) => pathname === '/oauth2/callback',
  });
  return loginOf(await browser.complete(url));
}

async function startLogoutListener() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    registration: {
      backchannelLogoutURI: `http://127.0.0.1:${port}/oauth2/backchannel-logout`,
      postLogoutRedirectURIs: ['http://gateway.test/'],
    },
    async nextToken() {
      const body = await pollUntil('a logout token arrives', () => bodies.shift());
      return new URLSearchParams(body).get('logout_token') ?? '';
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
