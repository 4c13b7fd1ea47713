// The Redis session store against one real server: conformance, what stands in Redis, and what
// Redis answers when it is broken, slow, gone or empty.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/identity/session/record-store.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { describePersonalTokens } from '../contract/personal-tokens.ts';
import { everyCall, LONG_MS, name, session } from '../contract/record-store-fixture.ts';
import { describeRecordStore } from '../contract/record-store.ts';
import {
  openRedisReplica,
  redisReplica,
  redisUnderTest,
  singleRedis,
  type RedisReplica,
} from '../fixtures/redis-replica.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { freePort } from '../neighbours/free-port.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis, type Redis } from '../neighbours/redis.ts';

describeWith(['redis'], 'RedisRecordStore with one server', () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.stop();
  });

  describeRecordStore('conformance', () => redisUnderTest(singleRedis(redis.port)));
  describePersonalTokens('personal tokens', () => openRedisReplica(singleRedis(redis.port)));

  describe('what stands in Redis', () => {
    let replica: RedisReplica;
    beforeAll(async () => {
      replica = await openRedisReplica(singleRedis(redis.port, { keyPrefix: 'test:' }));
    });
    afterAll(async () => {
      await replica[Symbol.asyncDispose]();
    });

    it('never lasts longer than the session', async () => {
      await redis.command('flushall');
      const { store } = replica;
      const [key, person, providerSid] = [name(), name(), name()];
      const expiresAtMs = Date.now() + LONG_MS;
      const given = { person, providerSid, expiresAtMs };
      await store.createSession(key, session(Date.now(), given));
      await store.putProviderRecord(person, Buffer.from('sealed'), expiresAtMs);
      await store.acquireLease(person, 1_000);
      await store.acquireLease(name(), 1_000);
      await store.endSession(name(), 'signed_out', expiresAtMs);
      await store.remember(name(), expiresAtMs);
      const keys = (await redis.command('keys', '*')).split('\n');
      expect(keys).toHaveLength(7);
      for (const found of keys) {
        expect(found).toMatch(/^test:(session|person|sid|provider|once):/);
        const expiry = Number(await redis.command('pexpiretime', found));
        expect(expiry).toBeGreaterThan(0);
        expect(expiry).toBeLessThanOrEqual(expiresAtMs);
      }
    });

    it('is missing, and neither a grant nor a logout, when a record is not whole', async () => {
      const { store } = replica;
      for (const [field, value] of [
        ['r', 'x'],
        ['r', '-1'],
        ['r', '1e3'],
        ['r', '99999999999999999'],
        ['u', ''],
        ['b', undefined],
        ['u', undefined],
      ] as const) {
        const key = name();
        await store.createSession(key, session(Date.now()));
        if (value === undefined) await redis.command('hdel', `test:session:${key}`, field);
        else await redis.command('hset', `test:session:${key}`, field, value);
        expect(await store.readSession(key), `${field}=${String(value)}`).toEqual({
          kind: 'missing',
        });
        await store.endSession(key, 'signed_out', Date.now() + LONG_MS);
        expect(await store.readSession(key)).toEqual({ kind: 'ended', reason: 'signed_out' });
      }
    });

    it('is no provider record when it is not whole', async () => {
      const { store } = replica;
      const person = name();
      await store.putProviderRecord(person, Buffer.from('sealed'), Date.now() + LONG_MS);
      await redis.command('hset', `test:provider:${person}`, 'r', 'x');
      expect(await store.readProviderRecord(person)).toBeUndefined();
    });

    it('is a tombstone even with a reason that this release does not know', async () => {
      const { store } = replica;
      const key = name();
      await store.createSession(key, session(Date.now()));
      await redis.command('hset', `test:session:${key}`, 'e', 'a_reason_of_tomorrow');
      expect(await store.readSession(key)).toEqual({ kind: 'ended', reason: 'session_ended' });
    });

    it('makes the store unavailable when it is not of ours', async () => {
      const { store } = replica;
      const key = name();
      await redis.command('set', `test:session:${key}`, 'a text');
      await expect(store.readSession(key)).rejects.toThrow(StoreUnavailable);
      await expect(store.createSession(key, session(Date.now()))).resolves.toBe('exists');
    });

    it('works on when Redis forgets the scripts', async () => {
      const { store } = replica;
      const key = name();
      await redis.command('script', 'flush');
      expect(await store.createSession(key, session(Date.now()))).toBe('created');
      await redis.command('script', 'flush');
      expect(await store.replaceSession(key, Buffer.from('two'), 1)).toBe('written');
    });
  });

  describe('an emptied Redis', () => {
    it('fences off a late write although the fence counter is lost', async () => {
      await using replica = await openRedisReplica(singleRedis(redis.port));
      const { store } = replica;
      const person = name();
      await store.putProviderRecord(person, Buffer.from('one'), Date.now() + LONG_MS);
      const before = await store.readProviderRecord(person);
      const sleeper = await store.acquireLease(person, LONG_MS);
      const late = { revision: before?.revision ?? 0, fence: sleeper?.fence ?? 0 };
      const write = () => store.replaceProviderRecord(person, Buffer.from('late'), late);

      await redis.command('flushall');
      expect(await write()).toBe('conflict');

      await store.putProviderRecord(person, Buffer.from('two'), Date.now() + LONG_MS);
      expect(await write()).toBe('conflict');

      const next = await store.acquireLease(person, LONG_MS);
      expect(next?.fence).toBeGreaterThan(late.fence);
      expect(await write()).toBe('fenced');
      expect(await sleeper?.renew()).toBe(false);
      expect(await store.readProviderRecord(person)).toMatchObject({ sealed: Buffer.from('two') });
    });
  });
});

describeWith(['redis'], 'RedisRecordStore when Redis fails', () => {
  let redis: Redis;
  let replica: RedisReplica;
  beforeEach(async () => {
    redis = await startRedis();
    replica = await openRedisReplica(singleRedis(redis.port));
    return async () => {
      await replica[Symbol.asyncDispose]();
      await redis.stop();
    };
  });

  const calls = async (withinMs: number): Promise<void> => {
    const started = performance.now();
    const results = await Promise.allSettled(everyCall(replica.store, Date.now() + LONG_MS));
    expect(performance.now() - started).toBeLessThan(withinMs);
    for (const result of results) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(StoreUnavailable);
      expect(result).toHaveProperty('reason.cause');
    }
  };
  const isBack = () => pollUntil('the store is back', () => replica.store.readSession(name()));

  it('fails every call at once while it is stopped, and works on when it is back', async () => {
    const key = name();
    await replica.store.createSession(key, session(Date.now()));
    await redis.process.end();
    await pollUntil('the loss is noticed', () => replica.metric('kfgw_store_up') === 0);
    await calls(300);
    await redis.restart('kept');
    await isBack();
  });

  it('keeps sessions over a restart with its data', async () => {
    const key = name();
    await replica.store.createSession(key, session(Date.now()));
    await redis.restart('kept');
    await isBack();
    expect(await replica.store.readSession(key)).toMatchObject({ kind: 'live' });
  });

  it('fails every call within the deadline while it is silent, then at once', async () => {
    redis.process.suspend();
    // 500 ms is the deadline; the rest is for a busy machine.
    await calls(1_400);
    await pollUntil('the connection is given up', () => replica.log.some(isLoss));
    await calls(300);
    redis.process.resume();
    await isBack();
  });

  it('fails within the deadline when it is only slow', async () => {
    await redis.pause(700);
    await calls(1_400);
    await isBack();
  });

  it('says missing when it was emptied, and ended for what this replica ended', async () => {
    const [live, ended] = [name(), name()];
    await replica.store.createSession(live, session(Date.now()));
    await replica.store.createSession(ended, session(Date.now()));
    await replica.store.endSession(ended, 'signed_out', Date.now() + LONG_MS);
    await redis.restart('lost');
    await isBack();
    expect(await replica.store.readSession(live)).toEqual({ kind: 'missing' });
    await pollUntil('the tombstone is back', async () => {
      return (await replica.store.readSession(ended)).kind === 'ended';
    });
  });

  it('writes an end that it did not take when it is back', async () => {
    const key = name();
    await replica.store.createSession(key, session(Date.now()));
    redis.process.suspend();
    const ending = replica.store.endSession(key, 'signed_out', Date.now() + LONG_MS);
    await expect(ending).rejects.toThrow(StoreUnavailable);
    // What the connection still held must not do it: only the repeat may.
    await redis.process.end('SIGKILL');
    await redis.restart('lost');
    await pollUntil('the session is ended', async () => {
      return (await replica.store.readSession(key)).kind === 'ended';
    });
  });

  it('logs an outage a few times, and never a password', async () => {
    const secret = 'never-in-a-log';
    const options = singleRedis(redis.port, {
      password: () => new Secret(secret),
      username: 'ada',
    });
    await using refused = redisReplica(options);
    await pollUntil('it was refused', () => refused.log.length > 0);
    const started = refused.log.length;
    await expect(refused.store.readSession(name())).rejects.toThrow(StoreUnavailable);
    expect(refused.log.join('\n')).toContain('WRONGPASS');
    expect(refused.log.join('\n')).not.toContain(secret);
    // Two connections, each of which may speak once in ten seconds.
    expect(started).toBeLessThanOrEqual(2);
  });
});

describeWith(['redis'], 'RedisRecordStore without Redis', () => {
  it('opens, answers with StoreUnavailable, and works when Redis comes', async () => {
    const port = await freePort();
    await using replica = redisReplica(singleRedis(port));
    await expect(replica.store.readSession(name())).rejects.toThrow(StoreUnavailable);
    await using redis = await startRedis({ port });
    await pollUntil('the store answers', () => replica.store.readSession(name()));
    expect(await redis.command('ping')).toBe('PONG');
  });

  it('closes without waiting for a server that is not there', async () => {
    const replica = redisReplica(singleRedis(await freePort()));
    const started = performance.now();
    await replica[Symbol.asyncDispose]();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

function isLoss(line: string): boolean {
  return line.includes('Redis cannot be reached');
}
