import { Cluster } from 'ioredis';
import { expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { isAlive } from './liveness.ts';
import { startRedisCluster } from './redis-cluster.ts';

describeWith(['redis'], 'a Redis Cluster', () => {
  it('serves all slots, and goes on after a master was killed', async () => {
    const cluster = await startRedisCluster({ password: 'secret' });
    const client = new Cluster(
      cluster.nodes.map(({ host, port }) => ({ host, port })),
      { redisOptions: { password: 'secret' } },
    );
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    for (const key of keys) expect(await client.set(key, key)).toBe('OK');
    const masters = await Promise.all(keys.map((key) => cluster.masterOf(key)));
    expect(new Set(masters).size).toBe(3);

    const dead = await cluster.killMasterOf('key-0');
    expect(dead.process.isRunning).toBe(false);
    expect(await client.set('key-0', 'again')).toBe('OK');
    client.disconnect();

    const pids = cluster.nodes.map((node) => node.process.pid);
    await cluster.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
