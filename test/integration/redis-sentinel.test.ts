// Sessions in a real Redis watched by real Sentinels, and what happens to them in a failover.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RedisOptions } from '../../src/identity/session/redis-options.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { describePersonalTokens } from '../contract/personal-tokens.ts';
import { LONG_MS, name, session } from '../contract/record-store-fixture.ts';
import { describeRecordStore } from '../contract/record-store.ts';
import {
  anyRedis,
  openRedisReplica,
  redisUnderTest,
  type RedisReplica,
} from '../fixtures/redis-replica.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedisSentinel, type RedisSentinel } from '../neighbours/redis-sentinel.ts';
import type { Redis } from '../neighbours/redis.ts';

/** The user of `one`, which can be kept from publishing while the other still reconnects. */
const PUBLISHER = 'publisher';
const PASSWORD = 'of-the-servers';
const FAIL_OVER = { withinMs: 60_000, everyMs: 50 };

function options(set: RedisSentinel, username?: string): RedisOptions {
  return {
    ...anyRedis,
    mode: 'sentinel',
    addresses: set.sentinels.map(({ port }) => `127.0.0.1:${port}`),
    sentinelName: set.name,
    sentinelUsername: undefined,
    sentinelPassword: () => undefined,
    username,
    password: () => new Secret(PASSWORD),
    database: 0,
  };
}

describeWith(['redis'], 'RedisRecordStore with Sentinel', () => {
  let set: RedisSentinel;
  beforeAll(async () => {
    set = await startRedisSentinel({ replicas: 2, password: PASSWORD });
  });
  afterAll(async () => {
    await set.stop();
  });

  describeRecordStore('conformance', () => redisUnderTest(options(set)));
  describePersonalTokens('personal tokens', () => openRedisReplica(options(set)));

  describe('a failover', () => {
    let one: RedisReplica;
    let other: RedisReplica;
    beforeEach(async () => {
      await inStep(set);
      await allowPublishing(set.nodes);
      one = await openRedisReplica(options(set, PUBLISHER));
      other = await openRedisReplica(options(set));
    });
    afterEach(async () => {
      await one[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    });

    const countOf = (replica: RedisReplica, key: string) =>
      replica.heard.filter((change) => change.kind === 'session' && change.key === key).length;

    it('that is orderly keeps sessions, repeats announcements and causes doubt', async () => {
      const key = name();
      await one.store.createSession(key, session(Date.now()));
      one.changes.announce(key);
      await pollUntil('the other hears', () => countOf(other, key) === 1);
      const doubts = other.heard.filter(({ kind }) => kind === 'all').length;
      await forbidPublishing(await replicasOf(set));
      await set.failOver();
      await pollUntil('both have subscribed', () => haveSubscribed(set, 2), FAIL_OVER);
      await allowPublishing(set.nodes);
      await pollUntil('the other hears again', () => countOf(other, key) >= 2, FAIL_OVER);
      await pollUntil('the other doubts', () => {
        return other.heard.filter(({ kind }) => kind === 'all').length > doubts;
      });
      // The master of before may take a write until it is demoted, and loses it then.
      await pollUntil(
        'a write holds',
        async () => {
          await one.store.replaceSession(key, Buffer.from('two'), 1);
          const found = await other.store.readSession(key);
          return found.kind === 'live' && found.revision === 2;
        },
        FAIL_OVER,
      );
    });

    it('that loses a tombstone does not bring the session back', async () => {
      const key = name();
      await one.store.createSession(key, session(Date.now()));
      const master = await set.master();
      const replicas = await replicasOf(set);
      await forbidPublishing(replicas);
      const redisKey = `kfgw:session:${key}`;
      for (const replica of replicas) {
        await pollUntil('the session is replicated', async () => {
          return (await replica.command('exists', redisKey)) === '1';
        });
        await replica.command('config', 'set', 'masterauth', 'wrong');
      }
      await master.command('client', 'kill', 'type', 'replica');
      await one.store.endSession(key, 'signed_out', Date.now() + LONG_MS);
      for (const replica of replicas) {
        expect(await replica.command('hexists', redisKey, 'e')).toBe('0');
      }

      const dead = await set.killMaster();
      await pollUntil(
        'the session is ended again',
        async () => (await other.store.readSession(key)).kind === 'ended',
        FAIL_OVER,
      );
      await pollUntil('both have subscribed', () => haveSubscribed(set, 2), FAIL_OVER);
      await allowPublishing(replicas);
      await pollUntil('the other is told', () => countOf(other, key) >= 1, FAIL_OVER);
      const promoted = await set.master();
      expect(await promoted.command('hget', redisKey, 'e')).toBe('signed_out');
      for (const replica of replicas) {
        await replica.command('config', 'set', 'masterauth', PASSWORD);
      }
      await dead.process.restart();
    });

    it('is survived while a Sentinel is dead', async () => {
      const master = await set.master();
      await set.sentinels[0]?.process.end('SIGKILL');
      await master.process.end('SIGKILL');
      const create = () => one.store.createSession(name(), session(Date.now()));
      expect(await pollUntil('a write succeeds', create, FAIL_OVER)).toBe('created');
      await pollUntil('it hears', () => one.metric('kfgw_revocation_channel_up') === 1, FAIL_OVER);
      await set.sentinels[0]?.process.restart();
      await master.process.restart();
    });
  });
});

/** Waits until every node but the master follows it. */
async function inStep(set: RedisSentinel): Promise<void> {
  await pollUntil(
    'the replicas are in step',
    async () => {
      const master = await set.master();
      const replicas = set.nodes.filter((node) => node !== master && node.process.isRunning);
      const infos = await Promise.all(replicas.map((node) => node.command('info', 'replication')));
      return infos.every((info) => info.includes('master_link_status:up'));
    },
    { withinMs: 40_000, everyMs: 100 },
  );
}

async function replicasOf(set: RedisSentinel): Promise<Redis[]> {
  const master = await set.master();
  return set.nodes.filter((node) => node !== master);
}

const allowPublishing = (nodes: readonly Redis[]) => setPublisher(nodes, '+publish');
const forbidPublishing = (nodes: readonly Redis[]) => setPublisher(nodes, '-publish');

async function setPublisher(nodes: readonly Redis[], publish: string): Promise<void> {
  const rules = ['on', `>${PASSWORD}`, '~*', '&*', '+@all', publish];
  for (const node of nodes) await node.command('acl', 'setuser', PUBLISHER, ...rules);
}

/** Whether so many replicas of ours hear changes from the master that there is now. */
async function haveSubscribed(set: RedisSentinel, count: number): Promise<boolean> {
  const master = await set.master();
  return (await master.command('pubsub', 'numsub', 'kfgw:changes')).endsWith(`\n${count}`);
}
