import { connect } from 'node:net';
import { once } from 'node:events';
import { Redis as RedisClient } from 'ioredis';
import { expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { pollUntil } from './poll-until.ts';
import { startRedis } from './redis.ts';
import { startTcpRelay } from './tcp-relay.ts';

describeWith(['redis'], 'a TCP relay', () => {
  it('passes both ways, later when told', async () => {
    await using redis = await startRedis();
    await using relay = await startTcpRelay(redis.port);
    const client = new RedisClient(relay.port);
    expect(await client.echo('x'.repeat(200_000))).toHaveLength(200_000);
    relay.setDelay(100);
    const startedAt = performance.now();
    await client.ping();
    expect(performance.now() - startedAt).toBeGreaterThan(195);
    client.disconnect();
  });

  it('resets connections when cut, and passes again when mended', async () => {
    await using redis = await startRedis();
    await using relay = await startTcpRelay(redis.port);
    const client = new RedisClient(relay.port, { retryStrategy: () => 20 });
    client.on('error', () => undefined);
    await client.ping();
    relay.cut();
    await pollUntil('the client is disconnected', () => client.status !== 'ready');
    const refused = connect(relay.port, '127.0.0.1');
    await expect(once(refused, 'data')).rejects.toMatchObject({ code: 'ECONNRESET' });
    relay.mend();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });
});
