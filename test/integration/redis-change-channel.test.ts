// The change channel over one real Redis: between replicas, and what it does when messages are lost.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/identity/session/record-store.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { LONG_MS, name, session } from '../contract/record-store-fixture.ts';
import {
  openRedisReplica,
  redisReplica,
  singleRedis,
  type RedisReplica,
} from '../fixtures/redis-replica.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis, type Redis } from '../neighbours/redis.ts';
import { startTcpRelay, type TcpRelay } from '../neighbours/tcp-relay.ts';

const ALL = { kind: 'all' };

describeWith(['redis'], 'RedisChangeChannel', () => {
  let redis: Redis;
  /** The way of `one` to Redis: while it is cut, the other hears whatever there is to hear. */
  let relay: TcpRelay;
  let one: RedisReplica;
  let other: RedisReplica;
  beforeEach(async () => {
    redis = await startRedis();
    relay = await startTcpRelay(redis.port);
    one = await openRedisReplica(singleRedis(relay.port));
    other = await openRedisReplica(singleRedis(redis.port));
  });
  afterEach(async () => {
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await relay.stop();
    await redis.stop();
  });

  const isUp = (replica: RedisReplica) => replica.metric('kfgw_revocation_channel_up') === 1;
  const isStoreUp = (replica: RedisReplica) => replica.metric('kfgw_store_up') === 1;
  const countOf = (replica: RedisReplica, key: string) =>
    replica.heard.filter((change) => change.kind === 'session' && change.key === key).length;
  const countOfAll = (replica: RedisReplica) =>
    replica.heard.filter((change) => change.kind === 'all').length;

  it('tells the own replica at once and every other within a second, each once', async () => {
    const keys = Array.from({ length: 20 }, name);
    for (const key of keys) one.changes.announce(key);
    for (const key of keys) expect(countOf(one, key)).toBe(1);
    const last = keys.at(-1) ?? '';
    await pollUntil('the other hears', () => countOf(other, last) > 0, { withinMs: 1_000 });
    for (const key of keys) expect(countOf(other, key)).toBe(1);
    for (const key of keys) expect(countOf(one, key)).toBe(1);
  });

  it('says nothing while nothing happens', async () => {
    await pollUntil('the start is over', () => countOfAll(one) >= 2);
    const before = countOfAll(one);
    const until = performance.now() + 3_000;
    await pollUntil('three seconds', () => performance.now() > until, { withinMs: 4_000 });
    expect(countOfAll(one)).toBe(before);
    expect(isUp(one)).toBe(true);
  });

  it('ignores junk and counts it', async () => {
    for (const junk of ['', 'junk', '{}', '{"v":9,"f":"x","k":"key"}', '[1,2]']) {
      await redis.command('publish', 'kfgw:changes', junk);
    }
    await pollUntil('all of it is counted', () => {
      return one.metric('kfgw_revocation_messages_ignored_total') === 5;
    });
    expect(one.heard.filter((change) => change.kind === 'session')).toEqual([]);
    expect(isUp(one)).toBe(true);
  });

  it('does not hear replicas with another prefix', async () => {
    const options = singleRedis(redis.port, { keyPrefix: 'another:' });
    await using stranger = await openRedisReplica(options);
    const key = name();
    stranger.changes.announce(key);
    one.changes.announce('marker');
    await pollUntil('the marker arrives', () => countOf(other, 'marker') === 1);
    expect(countOf(other, key)).toBe(0);
  });

  it('takes effect locally while Redis cannot be reached, and elsewhere when it can', async () => {
    relay.cut();
    await pollUntil('it knows', () => !isUp(one));
    const key = name();
    one.changes.announce(key);
    expect(countOf(one, key)).toBe(1);
    relay.mend();
    await pollUntil('the other hears', () => countOf(other, key) > 0);
  });

  it('says that all may have changed while Redis is down, and when it is back', async () => {
    await redis.process.end('SIGKILL');
    await pollUntil('both know', () => !isUp(one) && !isUp(other));
    const before = countOfAll(other);
    await pollUntil('doubt goes on', () => countOfAll(other) >= before + 2);
    let doubtsOnceUp = 0;
    other.changes.onChange(() => {
      if (isUp(other)) doubtsOnceUp += 1;
    });
    await redis.restart('lost');
    await pollUntil('both are up', () => isUp(one) && isUp(other));
    expect(doubtsOnceUp).toBeGreaterThan(0);
  });

  it('repeats its own announcements after a reconnect, then says that all may have changed', async () => {
    const key = name();
    one.changes.announce(key);
    await pollUntil('the other hears', () => countOf(other, key) === 1);
    relay.cut();
    await pollUntil('it knows', () => !isUp(one));
    relay.mend();
    await pollUntil('the other hears again', () => countOf(other, key) >= 2);
    await pollUntil('it doubts', () => one.heard.at(-1)?.kind === 'all' && isUp(one));
  });

  it('writes an end again that an emptied Redis lost, before it announces it', async () => {
    const key = name();
    await one.store.createSession(key, session(Date.now()));
    await one.store.endSession(key, 'signed_out', Date.now() + LONG_MS);
    const found: string[] = [];
    other.changes.onChange((change) => {
      if (change.kind === 'session' && change.key === key) {
        other.store.readSession(key).then(
          ({ kind }) => found.push(kind),
          () => found.push('unreadable'),
        );
      }
    });
    relay.cut();
    await redis.process.end('SIGKILL');
    await pollUntil('both know', () => !isUp(one) && !isUp(other));
    await redis.restart('lost');
    await pollUntil('the other is back', () => isUp(other) && isStoreUp(other));
    relay.mend();
    await pollUntil('the other heard and read', () => found.length > 0);
    expect(found).toEqual(found.map(() => 'ended'));
  });

  it('goes down within about two seconds when Redis is silent, and recovers', async () => {
    redis.process.suspend();
    const started = performance.now();
    await pollUntil('it is down', () => !isUp(one), { withinMs: 3_500 });
    expect(performance.now() - started).toBeGreaterThan(1_000);
    expect(one.heard.at(-1)).toEqual(ALL);
    redis.process.resume();
    const before = countOfAll(one);
    await pollUntil('it is up', () => isUp(one));
    expect(countOfAll(one)).toBeGreaterThan(before);
  });

  it('stays up when it only takes long, and the store says so', async () => {
    await redis.pause(1_000);
    await expect(one.store.readSession(name())).rejects.toThrow(StoreUnavailable);
    await pollUntil('the store is back', () => one.store.readSession(name()));
    await pollUntil('it is up', () => isUp(one));
  });
});

describeWith(['redis'], 'RedisChangeChannel when only its subscription fails', () => {
  it('replaces one that no longer hears anything, although it is connected', async () => {
    await using redis = await startRedis();
    await using relay = await startMutingRelay(redis.port);
    await using replica = await openRedisReplica(singleRedis(relay.port));
    relay.mute();
    const isUp = () => replica.metric('kfgw_revocation_channel_up') === 1;
    await pollUntil('the silence is noticed', () => !isUp());
    expect(replica.metric('kfgw_store_up')).toBe(1);
    await pollUntil('another subscription hears', isUp);
  });

  it('says so when Redis refuses it, and works when Redis allows it', async () => {
    const rule = ['on', 'nopass', '~kfgw:*', 'resetchannels', '+@all'] as const;
    await using redis = await startRedis();
    await redis.command('acl', 'setuser', 'ada', ...rule);
    const password = () => new Secret('any');
    await using replica = redisReplica(singleRedis(redis.port, { username: 'ada', password }));
    await pollUntil('it is refused', () =>
      replica.log.some((line) => line.includes('refused the subscription')),
    );
    expect(replica.metric('kfgw_revocation_channel_up')).toBe(0);
    await redis.command('acl', 'setuser', 'ada', '&kfgw:*');
    await pollUntil('it works', () => replica.metric('kfgw_revocation_channel_up') === 1, {
      withinMs: 15_000,
    });
  });
});

/** A relay that can stop answering on the subscriptions that it has now; later ones work. */
async function startMutingRelay(toPort: number) {
  const subscribers = new Set<Socket>();
  const sockets = new Set<Socket>();
  const muted = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(toPort, '127.0.0.1');
    sockets.add(client).add(redis);
    client.on('data', (chunk: Buffer) => {
      if (chunk.includes('subscribe')) subscribers.add(client);
      redis.write(chunk);
    });
    redis.on('data', (chunk: Buffer) => !muted.has(client) && client.write(chunk));
    client.on('error', () => redis.destroy()).on('close', () => redis.destroy());
    redis.on('error', () => client.destroy()).on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    port: address.port,
    mute: () => subscribers.forEach((client) => muted.add(client)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
