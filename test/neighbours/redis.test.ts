import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Redis as RedisClient } from 'ioredis';
import { expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { freePort } from './free-port.ts';
import { isAlive } from './liveness.ts';
import { startRedis } from './redis.ts';

describeWith(['redis'], 'one Redis server', () => {
  it('answers at its URL, with its password, and leaves no process', async () => {
    const redis = await startRedis({ password: 'p@ss "word"' });
    const client = new RedisClient(redis.url);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
    const { pid } = redis.process;
    expect(isAlive(pid)).toBe(true);
    await redis.stop();
    await redis.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('refuses who has no password', async () => {
    await using redis = await startRedis({ password: 'secret' });
    const socket = connect(redis.port, redis.host);
    socket.end('PING\r\n');
    expect(await text(socket)).toMatch(/^-NOAUTH/);
  });

  it('knows ACL users', async () => {
    await using redis = await startRedis({
      users: ['user kfgw on >word ~kfgw:* resetchannels &kfgw:* +@all -@dangerous'],
    });
    const client = new RedisClient({
      port: redis.port,
      username: 'kfgw',
      password: 'word',
      enableReadyCheck: false,
    });
    expect(await client.set('kfgw:a', '1')).toBe('OK');
    await expect(client.set('other:a', '1')).rejects.toThrow(/NOPERM/);
    client.disconnect();
  });

  it('speaks TLS with a certificate that verifies', async () => {
    await using redis = await startRedis({ tls: true });
    const client = new RedisClient(redis.url, { tls: { ca: redis.certificate?.cert ?? '' } });
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('comes back on its port with its data, or empty', async () => {
    await using redis = await startRedis();
    await redis.command('set', 'key', 'value');
    const { pid } = redis.process;
    await redis.restart('kept');
    expect(redis.process.pid).not.toBe(pid);
    expect(await redis.command('get', 'key')).toBe('value');
    await redis.restart('lost');
    expect(await redis.command('dbsize')).toBe('0');
  });

  it('is silent while suspended and answers again when resumed', async () => {
    await using redis = await startRedis();
    const client = new RedisClient(redis.url, { commandTimeout: 200 });
    await client.ping();
    redis.process.suspend();
    await expect(client.ping()).rejects.toThrow(/timed out/);
    redis.process.resume();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('answers late while paused', async () => {
    await using redis = await startRedis();
    const startedAt = performance.now();
    await redis.pause(300);
    await redis.command('get', 'key');
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  it('tells why it could not start', async () => {
    const started = startRedis({ config: ['no-such-directive yes'] });
    await expect(started).rejects.toThrow(/no-such-directive/);
  });

  it('says so when its port is taken, and leaves the other one alone', async () => {
    const port = await freePort();
    await using first = await startRedis({ port });
    await expect(startRedis({ port })).rejects.toThrow(/did not start/);
    expect(await first.command('ping')).toBe('PONG');
  });
});
