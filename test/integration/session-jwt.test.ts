// What the gateway asserts to applications, verified as they would: by the published keys, over their
// rotation and over restarts.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readArrival, startEchoApplication, valuesOf } from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { ldapPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inRedis, makeSharedKeys, type SharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { startLdap } from '../neighbours/ldap.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis } from '../neighbours/redis.ts';

const PUBLISH_DELAY_SEC = 6;
const jane = ldapPerson('jane');

describeWith(['dex-2.45.1', 'ldap', 'redis'], 'the session JWT', () => {
  const stack = new AsyncDisposableStack();
  let keys: SharedKeys;
  let gateway: GatewayProcess;
  let browser: ScriptedBrowser;
  beforeAll(async () => {
    const users = [{ uid: 'jane', mail: 'jane@example.com', name: 'Jane' }];
    const groups = ['ml-team', 'Daten & Größen'].map((name) => ({ name, members: ['jane'] }));
    const ldap = stack.use(await startLdap({ users, groups }));
    const dex = stack.use(await startDex({ ldap }));
    const redis = stack.use(await startRedis());
    keys = stack.use(await makeSharedKeys());
    const { port } = stack.use(await startEchoApplication());
    const config = {
      ...inRedis(redis.port, keys),
      sessionJwt: { publishDelay: `${PUBLISH_DELAY_SEC}s` },
    };
    gateway = stack.use(await startGateway({ dex, application: port, config }));
  });
  afterAll(() => stack.disposeAsync());

  beforeEach(async () => {
    browser = stack.use(new ScriptedBrowser());
    await browser.signIn(gateway, jane);
  });

  /** What the application is sent. */
  async function arrivalOf(from: ScriptedBrowser) {
    const arrival = readArrival((await from.ask(gateway)).body);
    const [token = ''] = valuesOf(arrival, 'x-kfgw-assertion');
    return { arrival, token };
  }

  /** As an application verifies, with the keys that are published now. */
  async function verified(token: string) {
    const jwks = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
    return jwtVerify(token, jwks, {
      issuer: 'kubeflow-auth-gateway',
      audience: 'kubeflow',
      algorithms: ['ES256'],
      typ: 'kfgw-session+jwt',
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'sid', 'auth_time'],
    });
  }

  async function publishedKeyIds(): Promise<string[]> {
    const answer = await fetch(`${gateway.url}/.well-known/jwks.json`);
    const { keys: found } = (await answer.json()) as { keys: readonly { kid: string }[] };
    return found.map(({ kid }) => kid);
  }

  /** The key that signs for somebody who signs in now. */
  async function signingKeyId(): Promise<string | undefined> {
    using newcomer = new ScriptedBrowser();
    await newcomer.signIn(gateway, jane);
    return decodeProtectedHeader((await arrivalOf(newcomer)).token).kid;
  }

  it('verifies by the published keys and says the same as the headers', async () => {
    const { arrival, token } = await arrivalOf(browser);
    const { payload } = await verified(token);
    const { iat = 0, exp = 0, sid } = payload;
    expect(payload).toMatchObject({ sub: 'jane@example.com', email: 'jane@example.com' });
    expect(valuesOf(arrival, 'kubeflow-userid')).toEqual([payload['kubeflow_userid']]);
    const [groups = ''] = valuesOf(arrival, 'kubeflow-groups');
    expect(Buffer.from(groups, 'latin1')).toEqual(Buffer.from(String(payload['kubeflow_groups'])));
    expect(payload['groups']).toEqual(String(payload['kubeflow_groups']).split(','));
    expect(exp - iat).toBeLessThanOrEqual(300);
    expect(browser.sessionCookie).not.toContain(sid);
    expect((await arrivalOf(browser)).token).toBe(token);
  });

  it('is no credential, in no header', async () => {
    const { token } = await arrivalOf(browser);
    using thief = new ScriptedBrowser();
    thief.setSessionCookie(token);
    for (const headers of [{}, { authorization: `Bearer ${token}` }, { 'x-kfgw-assertion': token }])
      expect((await thief.ask(gateway, '/echo', headers)).status).toBe(401);
  });

  it('is signed by a new key only once that has been published long enough', async () => {
    const before = (await arrivalOf(browser)).token;
    const [old = ''] = await publishedKeyIds();
    const beganAtMs = Date.now();
    await pollUntil('a new key is made', () => keys.rotate().then(() => true));
    await pollUntil('it is published', async () => (await publishedKeyIds()).length === 2);
    expect(await signingKeyId()).toBe(old);
    const signs = async () => (await signingKeyId()) !== old;
    await pollUntil('it signs', signs, { withinMs: 20_000, everyMs: 500 });
    // Keys are dated to the second.
    expect(Date.now() - beganAtMs).toBeGreaterThan((PUBLISH_DELAY_SEC - 1) * 1_000);
    expect(await publishedKeyIds()).toContain(await signingKeyId());
    await verified(before);
    await verified((await arrivalOf(browser)).token);
  });

  it('goes on over a restart with the same keys, and ends with the session when they are others', async () => {
    const before = (await arrivalOf(browser)).token;
    await gateway.process.restart();
    await verified(before);
    await verified((await arrivalOf(browser)).token);
    for (const name of await readdir(keys.directory)) await rm(join(keys.directory, name));
    await keys.init();
    await gateway.process.restart();
    expect((await browser.ask(gateway)).status).toBe(401);
    await expect(verified(before)).rejects.toThrow(/no applicable key/);
    await browser.signIn(gateway, jane);
    await verified((await arrivalOf(browser)).token);
  });
});
