// What time does to sessions in Chromium: claims that are fetched anew, limits that are reached, a
// provider that restarts. All at once, because each case waits for the shortest time that can be set.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askFrom, openSocketIn, signInAt, type ClosedEvent } from '../fixtures/chromium-person.ts';
import {
  startEchoApplication,
  valuesOf,
  type EchoApplication,
} from '../fixtures/echo-application.ts';
import {
  startGateway,
  type ConfigChanges,
  type GatewayProcess,
} from '../fixtures/gateway-process.ts';
import { kubeflowPerson, ldapPerson } from '../fixtures/scripted-browser.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex, type Dex, type DexOptions } from '../neighbours/dex.ts';
import { startEtcd } from '../neighbours/etcd.ts';
import { startLdap, type Ldap } from '../neighbours/ldap.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import type { Person } from '../neighbours/sign-in-form.ts';

const SECOND_MS = 1_000;
const CLAIMS_MAX_AGE_SEC = 60;
const LIMIT_SEC = 60;
/** A tenth of the idle limit is left for other replicas to write back what they saw. */
const IDLE_GRACE_SEC = LIMIT_SEC / 10;
/** What a busy machine may add. */
const SLACK_SEC = 12;
const LONGEST_CASE_SEC = 90;

const refreshing: ConfigChanges = {
  claims: { refreshAfter: '10s', maxAge: `${CLAIMS_MAX_AGE_SEC}s` },
  session: { outageBound: '30s' },
};
/** A Dex that accepts no refresh token twice. */
const strict: DexOptions = { expiry: { refreshTokens: { reuseInterval: '0s' } } };
const [ann, bob, cat] = [ldapPerson('ann'), ldapPerson('bob'), ldapPerson('cat')];

describeWith(['chromium', 'dex-2.45.1', 'ldap', 'etcd-3.6.16'], 'time', () => {
  const stack = new AsyncDisposableStack();
  let chromium: Chromium;
  let application: EchoApplication;
  let ldap: Ldap;
  let dex: Dex;
  /** In front of the Dex with LDAP. */
  let gateway: GatewayProcess;
  beforeAll(async () => {
    const people = ['ann', 'bob', 'cat'];
    ldap = stack.use(
      await startLdap({
        users: people.map((uid) => ({ uid, mail: `${uid}@example.com` })),
        groups: [
          { name: 'everybody', members: people },
          { name: 'new-of-ann', members: [] },
          { name: 'new-of-bob', members: [] },
        ],
      }),
    );
    dex = stack.use(await startDex({ ...strict, ldap }));
    application = stack.use(await startEchoApplication());
    gateway = await start(dex, refreshing);
    chromium = stack.use(await startChromium());
  });
  afterAll(() => stack.disposeAsync());

  async function start(to: Dex, config: ConfigChanges): Promise<GatewayProcess> {
    return stack.use(await startGateway({ dex: to, application: application.port, config }));
  }

  async function signedIn(at: GatewayProcess, person: Person): Promise<Page> {
    const context = await chromium.browser.newContext();
    stack.defer(() => context.close());
    const page = await context.newPage();
    await signInAt(page, `${at.url}/`, person);
    return page;
  }

  const usersOf = async (page: Page) => valuesOf(await askFrom(page), 'kubeflow-userid');
  const groupsOf = async (page: Page) => valuesOf(await askFrom(page), 'kubeflow-groups');
  const isAtDex = async (page: Page) => {
    await page.reload();
    return new URL(page.url()).pathname.startsWith('/dex/');
  };

  describe.concurrent('passes', () => {
    it('until a session that nobody uses has reached its idle limit', async () => {
      const session = { idle: `${LIMIT_SEC}s`, absolute: '30m' };
      const page = await signedIn(await start(dex, { session }), ann);
      const openedAtMs = Date.now();
      const socket = await openSocketIn(page);
      const { atMs, code, reason } = await socket.closed();
      expect([code, reason]).toEqual([4401, 'session_expired']);
      expect(atMs - openedAtMs).toBeGreaterThan((LIMIT_SEC - 1) * SECOND_MS);
      expect(atMs - openedAtMs).toBeLessThan((LIMIT_SEC + IDLE_GRACE_SEC + SLACK_SEC) * SECOND_MS);
      expect(await isAtDex(page)).toBe(true);
    });

    it('until a session in use has reached its absolute limit', async () => {
      const session = { idle: `${LIMIT_SEC}s`, absolute: `${LIMIT_SEC}s` };
      const page = await signedIn(await start(dex, { session }), ann);
      const signedInAtMs = Date.now();
      const { atMs, code, reason } = await usedUntilClosed(page);
      expect([code, reason]).toEqual([4401, 'session_expired']);
      expect(atMs - signedInAtMs).toBeGreaterThan((LIMIT_SEC - SLACK_SEC) * SECOND_MS);
      expect(atMs - signedInAtMs).toBeLessThan((LIMIT_SEC + SLACK_SEC) * SECOND_MS);
      expect(await isAtDex(page)).toBe(true);
    });

    it('until somebody deleted from LDAP loses access, although Dex cannot say so', async () => {
      const page = await signedIn(gateway, cat);
      const signedInAtMs = Date.now();
      await ldap.deleteUser('cat');
      const { atMs, code, reason } = await usedUntilClosed(page);
      expect([code, reason]).toEqual([4401, 'claims_too_old']);
      expect(atMs - signedInAtMs).toBeLessThan((CLAIMS_MAX_AGE_SEC + SLACK_SEC) * SECOND_MS);
      expect(await gateway.metric('kfgw_refreshes_total', { result: 'failed' })).toBeGreaterThan(0);
      expect(await isAtDex(page)).toBe(true);
    });

    it('while Dex is away and comes back with its storage, and the session goes on', async () => {
      const storage = stack.use(await startEtcd());
      const kept = stack.use(await startDex({ ...strict, storage }));
      const at = await start(kept, refreshing);
      const page = await signedIn(at, kubeflowPerson);
      const socket = await openSocketIn(page);
      await kept.process.end();
      const refreshes = (result: string) => at.metric('kfgw_refreshes_total', { result });
      await usedUntil(page, 'it is missed', async () => (await refreshes('failed')) > 0);
      expect(await usersOf(page)).toEqual(['user@example.com']);
      await kept.process.restart();
      await usedUntil(page, 'it is asked again', async () => (await refreshes('unchanged')) > 0);
      expect(await usersOf(page)).toEqual(['user@example.com']);
      expect(await socket.echo('still here')).toBe('still here');
    });

    it('until the first refresh at a Dex that lost its storage, which ends the session', async () => {
      const forgetful = stack.use(await startDex());
      const page = await signedIn(await start(forgetful, refreshing), kubeflowPerson);
      await forgetful.process.restart();
      const { code, reason } = await usedUntilClosed(page);
      expect([code, reason]).toEqual([4401, 'provider_ended_session']);
      expect(await isAtDex(page)).toBe(true);
    });

    it('and a changed group reaches the application without a new sign-in or WebSocket', async () => {
      const page = await signedIn(gateway, ann);
      expect(await groupsOf(page)).toEqual(['everybody']);
      const socket = await openSocketIn(page);
      await ldap.setMembers('new-of-ann', ['ann']);
      const isNew = async () => (await groupsOf(page))[0] === 'everybody,new-of-ann';
      await usedUntil(page, 'the group arrives', isNew);
      expect(await socket.echo('still here')).toBe('still here');
    });

    it('and two browsers of one person are both refreshed, by one refresh token', async () => {
      const one = await signedIn(gateway, bob);
      const other = await signedIn(gateway, bob);
      await ldap.setMembers('new-of-bob', ['bob']);
      for (const page of [one, other]) {
        const isNew = async () => (await groupsOf(page))[0] === 'everybody,new-of-bob';
        await usedUntil(page, 'the group arrives', isNew);
      }
      await ldap.setMembers('new-of-bob', []);
      for (const page of [other, one]) {
        const isGone = async () => (await groupsOf(page))[0] === 'everybody';
        await usedUntil(page, 'the group goes', isGone);
      }
    });
  });
});

/** Uses the session again and again until something holds. */
async function usedUntil(page: Page, what: string, holds: () => Promise<boolean>): Promise<void> {
  const useAndLook = async () => {
    await askFrom(page);
    return holds();
  };
  await pollUntil(what, useAndLook, { withinMs: LONGEST_CASE_SEC * SECOND_MS, everyMs: 200 });
}

/** Uses the session until its WebSocket is closed. */
async function usedUntilClosed(page: Page): Promise<ClosedEvent> {
  const socket = await openSocketIn(page);
  const state = { isClosed: false };
  const closed = socket.closed().finally(() => (state.isClosed = true));
  await usedUntil(page, 'the WebSocket closes', () => Promise.resolve(state.isClosed));
  return closed;
}
