// What holds for personal tokens over every storage that two replicas can share.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPersonalTokens } from '../../src/identity/personal-tokens/create-personal-tokens.ts';
import type { ChangeChannel } from '../../src/identity/session/change-channel.ts';
import { createSessions } from '../../src/identity/session/create-sessions.ts';
import type { RecordStore } from '../../src/identity/session/record-store.ts';
import { newSessionId } from '../../src/identity/session/session-cookie.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { silentMetrics } from '../../src/kernel/metrics.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import type { Secret } from '../../src/kernel/secret.ts';
import { newKey, RotatingProvider, sessionOptions } from '../fixtures/session-replicas.ts';
import {
  newLogin,
  newToken,
  personOf,
  refreshed,
  tokenOptions,
  verdictOn,
  verified,
  type TokenReplica,
} from '../fixtures/token-replicas.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { name } from './record-store-fixture.ts';

/** One replica's way to the shared storage. */
export interface SharedStorage extends AsyncDisposable {
  readonly store: RecordStore;
  readonly changes: ChangeChannel;
}

const WITHIN_MS = { withinMs: 1_000, everyMs: 1 };

/** Registers the suite; `open` is called twice for replicas that share what they store. */
export function describePersonalTokens(title: string, open: () => Promise<SharedStorage>): void {
  describe(title, () => {
    const stack = new AsyncDisposableStack();
    const provider = new RotatingProvider(systemClock);
    let one: TokenReplica;
    let other: TokenReplica;
    beforeAll(async () => {
      const key = newKey();
      one = await openReplica(key);
      other = await openReplica(key);
    });
    afterAll(() => stack.disposeAsync());

    async function openReplica(key: Secret<Buffer>): Promise<TokenReplica> {
      const { store, changes } = stack.use(await open());
      const given = {
        store,
        channel: changes,
        keys: { cookie: () => [key], record: () => [key] },
        refreshGrant: provider.refreshGrant,
        signAssertion: () => ({ token: 'jwt', expiresAtMs: Infinity }),
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        metrics: silentMetrics,
      };
      const sessions = createSessions(sessionOptions, given);
      const tokens = createPersonalTokens(tokenOptions, { ...given, sessions });
      stack.defer(async () => {
        await tokens.close();
        await sessions.close();
      });
      return { ...tokens, sessions };
    }

    async function signIn(at: TokenReplica) {
      const login = provider.signIn({ sub: name() });
      const sessionId = newSessionId(systemRandom);
      await at.sessions.sessions.establish(sessionId, login);
      return { sessionId, person: personOf(login) };
    }

    it('are good at every replica at once, and listed with their last use', async () => {
      const { person } = await signIn(one);
      const { token, summary } = await newToken(one, person);
      const known = await verified(other, token);
      expect(known.handle).toBe(summary.handle);
      expect(await other.service.list(person)).toEqual([summary]);
      known.markUsed?.();
      const [used] = await other.service.list(person);
      expect(used?.lastUsedAtMs).toBeGreaterThanOrEqual(summary.createdAtMs);
    });

    it('are doubted at once where they are known, when another replica ends them', async () => {
      const { person } = await signIn(one);
      const { token, summary } = await newToken(one, person);
      const known = await verified(other, token);
      expect(await one.service.revoke(person, summary.handle)).toBe(true);
      await pollUntil('it is doubted', () => known.isDoubted?.() === true, WITHIN_MS);
      expect(await verdictOn(other, token)).toMatchObject({ reason: 'token_revoked' });
    });

    it('of the command line have one successor, and end everywhere by one that is too old', async () => {
      const { person } = await signIn(one);
      const login = await newLogin(one, person);
      const all = await Promise.all(
        [one, other, one, other].map((at) => refreshed(at, login.refreshToken)),
      );
      const [next] = all;
      expect(new Set(all.map(({ refreshToken }) => refreshToken)).size).toBe(1);
      await refreshed(other, next?.refreshToken ?? '');
      const known = await verified(other, next?.accessToken ?? '');
      expect((await one.service.refreshLogin(login.refreshToken)).kind).toBe('refused');
      await pollUntil('it is doubted', () => known.isDoubted?.() === true, WITHIN_MS);
      expect(await verdictOn(other, next?.accessToken ?? '')).toMatchObject({
        reason: 'refresh_token_reused',
      });
    });

    it('keep the grant of who signs out, and leave none behind', async () => {
      const { sessionId, person } = await signIn(one);
      const { token, summary } = await newToken(other, person);
      await one.sessions.sessions.end(sessionId, 'signed_out');
      await verified(one, token);
      await one.sessions.refresher.refresh(person, systemClock.nowMs());
      await verified(one, token);
      const askedBefore = provider.presented.length;
      await other.service.revoke(person, summary.handle);
      await one.sessions.refresher.refresh(person, systemClock.nowMs());
      expect(provider.presented).toHaveLength(askedBefore);
    });
  });
}
