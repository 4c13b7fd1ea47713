// Refreshing claims at several replicas over one real Redis, against a provider that rotates refresh
// tokens and takes an old one for a theft.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSessions, type SessionRoom } from '../../src/identity/session/create-sessions.ts';
import { newSessionId, signSessionCookie } from '../../src/identity/session/session-cookie.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { MINUTE_MS } from '../../src/kernel/duration.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { silentMetrics } from '../../src/kernel/metrics.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { openRedisReplica, singleRedis, type RedisReplica } from '../fixtures/redis-replica.ts';
import {
  identityOf,
  newKey,
  RotatingProvider,
  sessionOptions,
} from '../fixtures/session-replicas.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis } from '../neighbours/redis.ts';

const REPLICAS = 3;
const PERSONS = 10;
const PROVIDER_LATENCY_MS = 50;

/** Real time, and as much more as the test has let pass. */
const clock = {
  ...systemClock,
  aheadMs: 0,
  nowMs: () => systemClock.nowMs() + clock.aheadMs,
};

describeWith(['redis'], 'claims that are due at every replica at once', () => {
  const key = newKey();
  const provider = new RotatingProvider(clock);
  const rooms: SessionRoom[] = [];
  const storages: RedisReplica[] = [];
  let redis: Awaited<ReturnType<typeof startRedis>>;

  beforeAll(async () => {
    redis = await startRedis();
    provider.answer = async (tokens) => {
      await delay(PROVIDER_LATENCY_MS);
      return await provider.rotate(tokens);
    };
    for (let replica = 0; replica < REPLICAS; replica++) {
      const storage = await openRedisReplica(singleRedis(redis.port));
      storages.push(storage);
      rooms.push(openRoom(storage));
    }
  });

  afterAll(async () => {
    await Promise.all(rooms.map((room) => room.close()));
    for (const storage of storages) await storage[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  function openRoom(storage: RedisReplica): SessionRoom {
    return createSessions(sessionOptions, {
      store: storage.store,
      channel: storage.changes,
      keys: { cookie: () => [key], record: () => [key] },
      refreshGrant: provider.refreshGrant,
      signAssertion: () => ({ token: 'jwt', expiresAtMs: clock.nowMs() + 5 * MINUTE_MS }),
      clock,
      random: systemRandom,
      logger: silentLogger,
      metrics: silentMetrics,
    });
  }

  /** Two browsers for each person, each signed in at another replica. */
  async function signInEverybody(): Promise<readonly string[]> {
    const cookies: string[] = [];
    for (let person = 0; person < PERSONS; person++) {
      for (const room of rooms.slice(0, 2)) {
        const id = newSessionId(systemRandom);
        await room.sessions.establish(id, provider.signIn({ sub: `sub-${person}` }));
        cookies.push(signSessionCookie(id, key));
      }
    }
    return cookies;
  }

  async function groupsEverywhere(cookies: readonly string[]): Promise<ReadonlySet<string>> {
    const groups = new Set<string>();
    for (const room of rooms) {
      for (const cookie of cookies) {
        const { principal } = identityOf(await room.authenticator.authenticate(cookie));
        groups.add(principal.groups.join());
      }
    }
    return groups;
  }

  it('are fetched once per person, reach every session, and sign nobody out', async () => {
    const cookies = await signInEverybody();
    expect(await groupsEverywhere(cookies)).toEqual(new Set(['team-a']));
    for (let round = 1; round <= 3; round++) {
      clock.aheadMs += sessionOptions.claimsRefreshAfterMs;
      provider.groups = [`team-${round}`];
      await Promise.all(
        rooms.flatMap((room) =>
          cookies.map(async (cookie) => await room.authenticator.authenticate(cookie)),
        ),
      );
      await pollUntil('every session has the new groups', async () => {
        const groups = await groupsEverywhere(cookies);
        return groups.size === 1 && groups.has(`team-${round}`);
      });
      expect(provider.presented).toHaveLength(round * PERSONS);
    }
    expect(new Set(provider.presented).size).toBe(3 * PERSONS);
  });
});
