import { Redis as RedisClient } from 'ioredis';
import { expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { isAlive } from './liveness.ts';
import { startRedisSentinel } from './redis-sentinel.ts';

describeWith(['redis'], 'a Redis master under three Sentinels', () => {
  it('leads a client to the new master when the old one is killed, and leaves no process', async () => {
    const set = await startRedisSentinel({ password: 'secret' });
    const client = new RedisClient({
      name: set.name,
      sentinels: set.sentinels.map(({ host, port }) => ({ host, port })),
      password: 'secret',
    });
    client.on('error', () => undefined);
    const first = await set.master();
    await client.set('key', 'value');
    await client.wait(1, 5_000);

    expect(await set.killMaster()).toBe(first);
    expect(first.process.isRunning).toBe(false);
    expect(await set.master()).not.toBe(first);
    expect(await client.get('key')).toBe('value');
    client.disconnect();

    await first.process.restart();
    const pids = [...set.nodes, ...set.sentinels].map((part) => part.process.pid);
    await set.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('changes its master twice in good order when it has two replicas', async () => {
    await using set = await startRedisSentinel({ replicas: 2 });
    expect(set.nodes).toHaveLength(3);
    const first = await set.master();
    await set.failOver();
    const second = await set.master();
    expect(second).not.toBe(first);
    await set.failOver();
    expect(await set.master()).not.toBe(second);
    expect(set.nodes.every((node) => node.process.isRunning)).toBe(true);
  });
});
