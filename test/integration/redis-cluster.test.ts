// Sessions in a real Redis Cluster, and what happens to them when a master dies.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisOptions } from '../../src/identity/session/redis-options.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { describePersonalTokens } from '../contract/personal-tokens.ts';
import { LONG_MS, name, session } from '../contract/record-store-fixture.ts';
import { describeRecordStore } from '../contract/record-store.ts';
import { documentedAcl } from '../fixtures/documented-acl.ts';
import {
  anyRedis,
  openRedisReplica,
  redisUnderTest,
  type RedisReplica,
} from '../fixtures/redis-replica.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedisCluster, type RedisCluster } from '../neighbours/redis-cluster.ts';
import { startRedis, type Redis } from '../neighbours/redis.ts';

const PASSWORD = 'of-the-servers';
const FAIL_OVER = { withinMs: 20_000, everyMs: 50 };

function options(nodes: readonly Redis[]): RedisOptions {
  return {
    ...anyRedis,
    mode: 'cluster',
    addresses: nodes.map(({ port }) => `127.0.0.1:${port}`),
    password: () => new Secret(PASSWORD),
  };
}

describeWith(['redis'], 'RedisRecordStore with a Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ password: PASSWORD });
  });
  afterAll(async () => {
    await cluster.stop();
  });

  const countOf = (replica: RedisReplica, key: string) =>
    replica.heard.filter((change) => change.kind === 'session' && change.key === key).length;

  describeRecordStore('conformance', () => redisUnderTest(options(cluster.nodes)));
  describePersonalTokens('personal tokens', () => openRedisReplica(options(cluster.nodes)));

  it('finds all nodes through one, and uses all masters', async () => {
    await using replica = await openRedisReplica(options(cluster.nodes.slice(0, 1)));
    const keys = Array.from({ length: 60 }, name);
    for (const key of keys) await replica.store.createSession(key, session(Date.now()));
    const masters = new Set<Redis>();
    for (const key of keys) masters.add(await cluster.masterOf(`kfgw:session:${key}`));
    expect(masters.size).toBe(3);
  });

  it('passes changes between replicas that subscribe at different nodes', async () => {
    await using one = await openRedisReplica(options(cluster.nodes));
    await using other = await openRedisReplica(options([...cluster.nodes].reverse()));
    const key = name();
    one.changes.announce(key);
    await pollUntil('the other hears', () => countOf(other, key) === 1, { withinMs: 1_000 });
  });

  it('subscribes elsewhere when a node is not one of the Cluster', async () => {
    await using stranger = await startRedis({ password: PASSWORD });
    await using replica = await openRedisReplica(options([stranger, ...cluster.nodes]));
    expect(replica.metric('kfgw_revocation_channel_up')).toBe(1);
  });

  it('connects as the documented ACL user, also with a password that was changed meanwhile', async () => {
    const { anywhere, cluster: also } = await documentedAcl();
    const setPassword = async (password: string): Promise<void> => {
      const rule = ['on', 'resetpass', `>${password}`, ...anywhere, ...also];
      for (const node of cluster.nodes) await node.command('acl', 'setuser', 'kfgw', ...rule);
    };
    let password = 'first';
    await setPassword(password);
    const credentials = { username: 'kfgw', password: () => new Secret(password) };
    await using replica = await openRedisReplica({ ...options(cluster.nodes), ...credentials });
    for (let i = 0; i < 20; i++) await replica.store.createSession(name(), session(Date.now()));
    password = 'second';
    await setPassword(password);
    for (const node of cluster.nodes) await node.command('client', 'kill', 'user', 'kfgw');
    await pollUntil('every node answers', async () => {
      for (let i = 0; i < 20; i++) await replica.store.readSession(name());
      return true;
    });
    await pollUntil('it hears', () => replica.metric('kfgw_revocation_channel_up') === 1);
  });

  describe('the death of a master', () => {
    it('that loses a tombstone does not bring the session back', async () => {
      await using one = await openRedisReplica(options(cluster.nodes));
      await using other = await openRedisReplica(options(cluster.nodes));
      const key = name();
      const redisKey = `kfgw:session:${key}`;
      await one.store.createSession(key, session(Date.now()));
      const master = await cluster.masterOf(redisKey);
      const replica = await replicaOf(cluster, master);
      await pollUntil('the session is replicated', async () => {
        return (await replica.command('dbsize')) === (await master.command('dbsize'));
      });
      await replica.command('config', 'set', 'masterauth', 'wrong');
      await master.command('client', 'kill', 'type', 'replica');
      await one.store.endSession(key, 'signed_out', Date.now() + LONG_MS);

      const dead = await cluster.killMasterOf(redisKey);
      expect(dead).toBe(master);
      await pollUntil(
        'the session is ended again',
        async () => (await other.store.readSession(key)).kind === 'ended',
        FAIL_OVER,
      );
      await pollUntil('the other is told', () => countOf(other, key) >= 1, FAIL_OVER);
      expect(await replica.command('hget', redisKey, 'e')).toBe('signed_out');
      await replica.command('config', 'set', 'masterauth', PASSWORD);
      await dead.process.restart();
    });
  });
});

async function replicaOf(cluster: RedisCluster, master: Redis): Promise<Redis> {
  const id = await master.command('cluster', 'myid');
  const line = await master.command('cluster', 'replicas', id);
  const port = Number(/:(\d+)@/.exec(line)?.[1]);
  const found = cluster.nodes.find((node) => node.port === port);
  if (found === undefined) throw new Error('the master has no replica');
  return found;
}
