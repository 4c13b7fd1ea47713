// Owners of personal tokens who leave, change or stay, at a real Dex: room by room, because no
// configuration lets an hour pass in a second.
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPersonalTokens } from '../../src/identity/personal-tokens/create-personal-tokens.ts';
import { MemoryChangeChannel } from '../../src/identity/session/memory-change-channel.ts';
import { MemoryRecordStore } from '../../src/identity/session/memory-record-store.ts';
import { createSessions } from '../../src/identity/session/create-sessions.ts';
import { newSessionId } from '../../src/identity/session/session-cookie.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { silentMetrics } from '../../src/kernel/metrics.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { LoginUnderTest, loginOf } from '../fixtures/login-under-test.ts';
import { newKey, sessionOptions } from '../fixtures/session-replicas.ts';
import {
  newToken,
  personOf,
  tokenOptions,
  verdictOn,
  verified,
  type TokenReplica,
} from '../fixtures/token-replicas.ts';
import { kubeflowPerson, ldapPerson } from '../fixtures/scripted-browser.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { kubeflowClient } from '../neighbours/dex-config.ts';
import { startDex, type Dex, type DexOptions } from '../neighbours/dex.ts';
import { startLdap } from '../neighbours/ldap.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { CookieJar, signInByForm, type Person } from '../neighbours/sign-in-form.ts';

const CLAIMS_REFRESH_AFTER_MS = 1_000;
const MAX_CLAIMS_AGE_MS = 6_000;
const SLACK_MS = 4_000;

describeWith(['dex-2.45.1', 'ldap'], 'the owner of a personal token', () => {
  let stack: AsyncDisposableStack;
  beforeEach(() => {
    stack = new AsyncDisposableStack();
  });
  afterEach(() => stack.disposeAsync());

  async function dexWith(options: DexOptions): Promise<{ dex: Dex; gateway: LoginUnderTest }> {
    const dex = stack.use(await startDex(options));
    const gateway = stack.use(
      new LoginUnderTest(kubeflowClient.secret, {
        issuer: dex.issuer,
        clientId: kubeflowClient.id,
      }),
    );
    await gateway.isReady();
    return { dex, gateway };
  }

  function replicaOf(gateway: LoginUnderTest): TokenReplica {
    const key = newKey();
    const store = new MemoryRecordStore(systemClock);
    const given = {
      store,
      channel: new MemoryChangeChannel(silentLogger),
      keys: { cookie: () => [key], record: () => [key] },
      refreshGrant: gateway.login.refresh,
      signAssertion: () => ({ token: 'jwt', expiresAtMs: Infinity }),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      metrics: silentMetrics,
    };
    const refreshOften = { claimsRefreshAfterMs: CLAIMS_REFRESH_AFTER_MS };
    const sessions = createSessions({ ...sessionOptions, ...refreshOften }, given);
    const options = { ...tokenOptions, ...refreshOften, maxClaimsAgeMs: MAX_CLAIMS_AGE_MS };
    const tokens = createPersonalTokens(options, { ...given, sessions });
    stack.defer(async () => {
      await tokens.close();
      await sessions.close();
      await store.close();
    });
    return { ...tokens, sessions };
  }

  /** Signs in as a browser would, and makes a token; when that was. */
  async function tokenOf(replica: TokenReplica, gateway: LoginUnderTest, person: Person) {
    const browser = gateway.browser();
    const { url } = await signInByForm(await browser.begin(), person, {
      jar: new CookieJar(),
      until: ({ pathname }) => pathname === '/oauth2/callback',
    });
    const login = loginOf(await browser.complete(url));
    await replica.sessions.sessions.establish(newSessionId(systemRandom), login);
    const madeAtMs = performance.now();
    return { ...(await newToken(replica, personOf(login))), madeAtMs };
  }

  /** Uses the token until it is refused; why, and when. */
  async function refusalOf(replica: TokenReplica, token: string) {
    let reason = '';
    const isRefused = async () => {
      const verdict = await verdictOn(replica, token);
      if (verdict.kind === 'rejected') reason = verdict.reason;
      return verdict.kind === 'rejected';
    };
    await pollUntil('it is refused', isRefused, { withinMs: 30_000, everyMs: 100 });
    return { reason, atMs: performance.now() };
  }

  it('loses it when Dex no longer knows the grant', async () => {
    const { dex, gateway } = await dexWith({});
    const replica = replicaOf(gateway);
    const { token, madeAtMs } = await tokenOf(replica, gateway, kubeflowPerson);
    await verified(replica, token);
    // Its storage is its memory.
    await dex.process.restart();
    const { reason, atMs } = await refusalOf(replica, token);
    expect(reason).toBe('provider_ended_session');
    expect(atMs - madeAtMs).toBeLessThan(MAX_CLAIMS_AGE_MS);
  });

  it('loses it when deleted from LDAP, which Dex answers as if it had failed', async () => {
    const mail = 'ann@example.com';
    const ldap = stack.use(await startLdap({ users: [{ uid: 'ann', mail }], groups: [] }));
    const { gateway } = await dexWith({ ldap });
    const replica = replicaOf(gateway);
    const { token, madeAtMs } = await tokenOf(replica, gateway, ldapPerson('ann'));
    await verified(replica, token);
    await ldap.deleteUser('ann');
    const { reason, atMs } = await refusalOf(replica, token);
    expect(reason).toBe('claims_too_old');
    expect(atMs - madeAtMs).toBeLessThan(MAX_CLAIMS_AGE_MS + SLACK_MS);
  });

  it('keeps it while Dex rotates the grant under it, with new groups', async () => {
    const user = { uid: 'ann', mail: 'ann@example.com' };
    const groups = [
      { name: 'everybody', members: ['ann'] },
      { name: 'new-of-ann', members: [] },
    ];
    const ldap = stack.use(await startLdap({ users: [user], groups }));
    const { gateway } = await dexWith({ ldap, expiry: { refreshTokens: { reuseInterval: '0s' } } });
    const replica = replicaOf(gateway);
    const { token, madeAtMs } = await tokenOf(replica, gateway, ldapPerson('ann'));
    expect((await verified(replica, token)).principal.groups).toEqual(['everybody']);
    await ldap.setMembers('new-of-ann', ['ann']);
    const hasNewGroup = async () =>
      (await verified(replica, token)).principal.groups.includes('new-of-ann');
    await pollUntil('the group arrives', hasNewGroup, { withinMs: 10_000, everyMs: 100 });
    while (performance.now() - madeAtMs < MAX_CLAIMS_AGE_MS + SLACK_MS) {
      await verified(replica, token);
      await delay(200);
    }
  });
});
