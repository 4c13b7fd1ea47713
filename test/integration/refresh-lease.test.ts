// A gateway that holds the lease of a refresh is stopped until the lease is another's, and woken: what
// it brings then comes too late.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readArrival,
  startEchoApplication,
  valuesOf,
  type EchoApplication,
} from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { startHeldTokenEndpoint, type HeldTokenEndpoint } from '../fixtures/held-token-endpoint.ts';
import { ldapPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inRedis, makeSharedKeys, type SharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { startLdap, type Ldap } from '../neighbours/ldap.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis, type Redis } from '../neighbours/redis.ts';

/** Until claims are due (10 s), or a lease has run out (15 s); and what a busy machine may add. */
const PATIENCE = { withinMs: 30_000, everyMs: 200 };
/**
 * Within it Dex answers a refresh with the token and the claims that it has. The first refresh comes
 * before its end, so that its answer is the old one; the second comes a lease later.
 */
const REUSE_INTERVAL = '18s';

describeWith(['dex-2.45.1', 'ldap', 'redis'], 'a gateway stopped while it refreshes claims', () => {
  const stack = new AsyncDisposableStack();
  let ldap: Ldap;
  let redis: Redis;
  let keys: SharedKeys;
  let application: EchoApplication;
  beforeAll(async () => {
    const users = ['ann', 'bob'].map((uid) => ({ uid, mail: `${uid}@example.com` }));
    const groups = ['of-ann', 'of-bob'].map((name) => ({ name, members: [] }));
    ldap = stack.use(await startLdap({ users, groups }));
    redis = stack.use(await startRedis());
    keys = stack.use(await makeSharedKeys());
    application = stack.use(await startEchoApplication());
  });
  afterAll(() => stack.disposeAsync());

  /** Two gateways at one Dex: the refreshes of `stopped` can be held on their way. */
  async function startPair(keyPrefix: string, reuseInterval: string) {
    const expiry = { refreshTokens: { reuseInterval } };
    const dex = stack.use(await startDex({ ldap, expiry }));
    const endpoint = stack.use(await startHeldTokenEndpoint(dex));
    const start = async (token: string) => {
      const config = {
        ...inRedis(redis.port, keys),
        claims: { refreshAfter: '10s', maxAge: '5m' },
        session: { store: 'redis', outageBound: '5m' },
        redis: { addresses: [`127.0.0.1:${redis.port}`], keyPrefix },
        oidc: { timeout: '1m', endpoints: { authorization: '/dex/auth', token } },
      };
      return stack.use(await startGateway({ dex, application: application.port, config }));
    };
    return { endpoint, stopped: await start(endpoint.url), other: await start(`${dex.url}/token`) };
  }

  async function signedIn(uid: string, at: GatewayProcess): Promise<ScriptedBrowser> {
    const browser = stack.use(new ScriptedBrowser());
    await browser.signIn(at, ldapPerson(uid));
    return browser;
  }

  /** Of the one record with tokens below this prefix: another with every write. */
  async function revisionOf(keyPrefix: string): Promise<string> {
    const key = await redis.command('keys', `${keyPrefix}provider:*`);
    return redis.command('hget', key, 'r');
  }

  describe.concurrent('and woken when another gateway has the lease', () => {
    it('does not write its older claims and refresh token over newer ones', async () => {
      const { endpoint, stopped, other } = await startPair('ann:', REUSE_INTERVAL);
      const browser = await signedIn('ann', other);
      await stopInRefresh(stopped, browser, endpoint, 'answer');
      await ldap.setMembers('of-ann', ['ann']);
      await groupsBecome(browser, other, ['of-ann']);
      const written = await revisionOf('ann:');
      await wake(stopped, endpoint);
      expect(await revisionOf('ann:')).toBe(written);
      expect(await resultsAt(stopped)).toEqual({ superseded: 1, others: 0 });
      await groupsBecome(browser, stopped, ['of-ann']);
    });

    it('does not end the session when the provider refuses its older refresh token', async () => {
      const { endpoint, stopped, other } = await startPair('bob:', '0s');
      const browser = await signedIn('bob', other);
      const socket = await browser.open(stopped);
      await stopInRefresh(stopped, browser, endpoint, 'request');
      await ldap.setMembers('of-bob', ['bob']);
      await groupsBecome(browser, other, ['of-bob']);
      const written = await revisionOf('bob:');
      await wake(stopped, endpoint);
      expect(await revisionOf('bob:')).toBe(written);
      expect(await resultsAt(stopped)).toEqual({ superseded: 1, others: 0 });
      await groupsBecome(browser, stopped, ['of-bob']);
      expect(await socket.echo('still here')).toBe('still here');
    });
  });
});

/** Uses the session until the gateway asks for a refresh, and stops the gateway in it. */
async function stopInRefresh(
  gateway: GatewayProcess,
  browser: ScriptedBrowser,
  endpoint: HeldTokenEndpoint,
  what: 'request' | 'answer',
): Promise<void> {
  endpoint.hold(what);
  const isHeld = async () => {
    await browser.ask(gateway);
    return endpoint.held() > 0;
  };
  await pollUntil('a refresh is held', isHeld, PATIENCE);
  gateway.process.suspend();
}

/** Lets it go on, and waits until its refresh has come to an end. */
async function wake(gateway: GatewayProcess, endpoint: HeldTokenEndpoint): Promise<void> {
  gateway.process.resume();
  endpoint.release();
  const hasEnded = async () => (await gateway.metric('kfgw_refreshes_total')) > 0;
  await pollUntil('its refresh ends', hasEnded, PATIENCE);
}

async function groupsBecome(browser: ScriptedBrowser, at: GatewayProcess, groups: string[]) {
  const areSo = async () => {
    const { body, status } = await browser.ask(at);
    expect(status).toBe(200);
    return valuesOf(readArrival(body), 'kubeflow-groups').join() === groups.join();
  };
  await pollUntil(`the groups are ${groups.join()}`, areSo, PATIENCE);
}

async function resultsAt(gateway: GatewayProcess) {
  const all = await gateway.metric('kfgw_refreshes_total');
  const superseded = await gateway.metric('kfgw_refreshes_total', { result: 'superseded' });
  return { superseded, others: all - superseded };
}
