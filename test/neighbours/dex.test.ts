import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { DEX_PASSWORD, kubeflowClient, kubeflowUser, type DexClient } from './dex-config.ts';
import { startDex, type Dex, type DexOptions } from './dex.ts';
import { startEtcd } from './etcd.ts';
import { startLdap } from './ldap.ts';
import { isAlive } from './liveness.ts';
import { pollUntil } from './poll-until.ts';
import { CookieJar, signInByForm, type Person } from './sign-in-form.ts';

const REDIRECT_URI = 'http://gateway.test/oauth2/callback';
const client: DexClient = { ...kubeflowClient, redirectURIs: [REDIRECT_URI, '/oauth2/callback'] };
const user: Person = { login: kubeflowUser.email, password: DEX_PASSWORD };

function authorizeUrl(dex: Dex, redirectUri: string): URL {
  const url = new URL(`${dex.url}/auth`);
  url.search = new URLSearchParams({
    client_id: client.id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid email profile groups offline_access',
    state: 'state-1',
  }).toString();
  return url;
}

async function askForTokens(dex: Dex, form: Record<string, string>) {
  const answer = await fetch(`${dex.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(20_000),
  });
  const body: unknown = await answer.json();
  if (typeof body !== 'object' || body === null) throw new Error('no JSON object');
  const member = (name: string) => String(Reflect.get(body, name) ?? '');
  return {
    status: answer.status,
    idToken: member('id_token'),
    refreshToken: member('refresh_token'),
    error: member('error'),
  };
}

async function signIn(dex: Dex, person: Person, redirectUri = REDIRECT_URI, jar?: CookieJar) {
  const end = await signInByForm(authorizeUrl(dex, redirectUri), person, {
    until: (url) => url.pathname === '/oauth2/callback',
    ...(jar === undefined ? {} : { jar }),
  });
  expect(end.url.searchParams.get('state')).toBe('state-1');
  const code = end.url.searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
  return { callback: end.url, ...(await askForTokens(dex, grant)) };
}

function refresh(dex: Dex, refreshToken: string) {
  return askForTokens(dex, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

async function discovery(dex: Dex): Promise<unknown> {
  return (await fetch(`${dex.url}/.well-known/openid-configuration`)).json();
}

function dexWith(options: DexOptions): Promise<Dex> {
  return startDex({ clients: [client], ...options });
}

describe.each(['2.45.1', '2026-08-06'] as const)('Dex %s', (version) => {
  describeWith([`dex-${version}`, 'ldap', 'etcd-3.6.16'], 'as a provider', () => {
    it('signs user@example.com in by its form, and leaves no process', async () => {
      const dex = await dexWith({ version });
      const { idToken, refreshToken } = await signIn(dex, user);
      expect(decodeJwt(idToken)).toMatchObject({ iss: dex.issuer, email: 'user@example.com' });
      expect((await refresh(dex, refreshToken)).status).toBe(200);
      const { pid } = dex.process;
      await dex.stop();
      expect(isAlive(pid)).toBe(false);
    });

    it('takes the distribution’s relative redirect URI literally', async () => {
      await using dex = await startDex({ version });
      const { callback, status } = await signIn(dex, user, '/oauth2/callback');
      expect(callback.origin).toBe(new URL(dex.url).origin);
      expect(status).toBe(200);
    });

    it('refuses a wrong password', async () => {
      await using dex = await dexWith({ version });
      const end = await signInByForm(authorizeUrl(dex, REDIRECT_URI), { ...user, password: 'no' });
      expect(end.answer?.status).toBe(401);
    });

    it('signs an LDAP user in with groups, until the user is deleted', async () => {
      await using ldap = await startLdap({
        users: [{ uid: 'jane', mail: 'jane@example.com' }],
        groups: [
          { name: 'ml-team', members: ['jane'] },
          { name: 'others', members: [] },
        ],
      });
      await using dex = await dexWith({ version, ldap });
      const jane: Person = { login: 'jane', password: DEX_PASSWORD, connector: 'ldap' };
      const { idToken, refreshToken } = await signIn(dex, jane);
      expect(decodeJwt(idToken)).toMatchObject({ email: 'jane@example.com', groups: ['ml-team'] });

      await ldap.setMembers('others', ['jane']);
      const refreshed = await refresh(dex, refreshToken);
      const { groups } = decodeJwt<{ groups: string[] }>(refreshed.idToken);
      expect(groups.toSorted()).toEqual(['ml-team', 'others']);

      await ldap.deleteUser('jane');
      expect((await refresh(dex, refreshed.refreshToken)).status).toBe(500);
      await signIn(dex, { ...user, connector: 'local' });
    });

    it('gives short-lived tokens when told', async () => {
      await using dex = await dexWith({
        version,
        expiry: { idTokens: '7s', refreshTokens: { reuseInterval: '0s' } },
      });
      const { exp = 0, iat = 0 } = decodeJwt((await signIn(dex, user)).idToken);
      expect(exp - iat).toBe(7);
    });

    it('forgets refresh tokens over a restart when its storage is memory', async () => {
      await using dex = await dexWith({ version, storage: 'memory' });
      const { refreshToken } = await signIn(dex, user);
      await dex.process.restart();
      expect((await refresh(dex, refreshToken)).status).toBe(400);
    });

    it('keeps keys and refresh tokens over a restart when its storage is etcd', async () => {
      await using etcd = await startEtcd();
      await using dex = await dexWith({ version, storage: etcd });
      const keys = async () => (await fetch(`${dex.url}/keys`)).text();
      const before = await keys();
      const { refreshToken } = await signIn(dex, user);
      await dex.process.restart();
      expect(await keys()).toBe(before);
      expect((await refresh(dex, refreshToken)).status).toBe(200);
    });
  });
});

describeWith(['dex-2.45.1'], 'Dex 2.45.1 and what it lacks', () => {
  it('announces no end_session_endpoint', async () => {
    await using dex = await startDex();
    expect(await discovery(dex)).not.toHaveProperty('end_session_endpoint');
  });
});

describeWith(['dex-2026-08-06', 'etcd-3.6.16'], 'Dex of 2026-08-06 with sessions', () => {
  const version = '2026-08-06';

  it('announces end_session_endpoint and back-channel logout', async () => {
    await using dex = await startDex({ version, sessions: {} });
    expect(await discovery(dex)).toMatchObject({
      end_session_endpoint: `${dex.url}/logout`,
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    });
  });

  it('names its session in sid, and signs the same browser in again without a form', async () => {
    await using dex = await dexWith({ version, sessions: {} });
    const jar = new CookieJar();
    const first = decodeJwt((await signIn(dex, user, REDIRECT_URI, jar)).idToken);
    expect(first['sid']).toEqual(expect.any(String));
    const wrong = { ...user, password: 'never asked for' };
    const second = decodeJwt((await signIn(dex, wrong, REDIRECT_URI, jar)).idToken);
    expect(second['sid']).toBe(first['sid']);
  });

  it('posts a logout token to the client when its session ends', async () => {
    await using listener = await startLogoutListener();
    const registered = { ...listener.entry, postLogoutRedirectURIs: ['http://gateway.test/'] };
    await using dex = await startDex({ version, sessions: {}, clients: [registered] });
    const jar = new CookieJar();
    const { idToken } = await signIn(dex, user, REDIRECT_URI, jar);
    const url = new URL(`${dex.url}/logout`);
    url.searchParams.set('id_token_hint', idToken);
    url.searchParams.set('post_logout_redirect_uri', 'http://gateway.test/');
    const end = await signInByForm(url, user, {
      jar,
      until: ({ hostname }) => hostname !== '127.0.0.1',
    });
    expect(end.url.href).toBe('http://gateway.test/');

    const { sub, sid } = decodeJwt(idToken);
    const token = new URLSearchParams(await listener.nextBody()).get('logout_token') ?? '';
    expect(decodeJwt(token)).toMatchObject({
      ...{ iss: dex.issuer, aud: kubeflowClient.id, sub, sid },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
  });
});

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
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const entry: DexClient = {
    ...client,
    backchannelLogoutURI: `http://127.0.0.1:${address.port}/oauth2/backchannel-logout`,
  };
  return {
    entry,
    nextBody: () => pollUntil('a logout token arrives', () => bodies.shift()),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
