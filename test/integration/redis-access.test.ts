// How Redis is reached: TLS with certificates of both sides, an ACL user with the rights that
// docs/storage.md names and no others, credentials that change, a master that was demoted, and a
// process that ends once it has closed.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RedisTls } from '../../src/identity/session/redis-options.ts';
import { StoreUnavailable } from '../../src/identity/session/record-store.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { name, session } from '../contract/record-store-fixture.ts';
import { describeRecordStore } from '../contract/record-store.ts';
import { documentedAcl } from '../fixtures/documented-acl.ts';
import {
  openRedisReplica,
  redisReplica,
  redisUnderTest,
  singleRedis,
} from '../fixtures/redis-replica.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { freePort } from '../neighbours/free-port.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis, type Redis } from '../neighbours/redis.ts';
import { runProgram } from '../neighbours/run-program.ts';

const PASSWORD = 'of-the-gateway';

describeWith(['redis'], 'Redis with TLS, an ACL user, another database and a prefix', () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis({ tls: true, password: 'of-the-operator' });
    const { anywhere } = await documentedAcl();
    await redis.command('acl', 'setuser', 'kfgw', 'on', `>${PASSWORD}`, ...anywhere);
    await redis.command('config', 'set', 'tls-auth-clients', 'optional');
  });
  afterAll(async () => {
    await redis.stop();
  });

  const options = (given: Partial<RedisTls> | (() => Partial<RedisTls>) = {}) => {
    const changed = typeof given === 'function' ? given : () => given;
    const { cert, key } = redis.certificate ?? { cert: '', key: '' };
    const trusted = { ca: cert, cert, key: new Secret(key), serverName: undefined };
    return singleRedis(redis.port, {
      username: 'kfgw',
      password: () => new Secret(PASSWORD),
      database: 3,
      tls: () => ({ ...trusted, insecureSkipTlsVerify: false, ...changed() }),
    });
  };

  describeRecordStore('conformance', () => redisUnderTest(options()));

  it('shows the certificate that Redis asks for', async () => {
    await redis.command('config', 'set', 'tls-auth-clients', 'yes');
    await using replica = await openRedisReplica(options());
    expect(await replica.store.readSession(name())).toEqual({ kind: 'missing' });
    await using nobody = redisReplica(options({ cert: undefined, key: undefined }));
    await pollUntil('it is refused', () => nobody.log.length > 0);
    await expect(nobody.store.readSession(name())).rejects.toThrow(StoreUnavailable);
  });

  it('refuses a server whose certificate it does not trust, unless told to', async () => {
    await using strict = redisReplica(options({ ca: undefined }));
    await pollUntil('it is refused', () => strict.log.some((line) => line.includes('self-signed')));
    await using other = redisReplica(options({ serverName: 'another.example' }));
    await pollUntil('it is refused', () => other.log.some((line) => line.includes('altnames')));
    await using told = await openRedisReplica(
      options({ ca: undefined, insecureSkipTlsVerify: true }),
    );
    expect(told.metric('kfgw_store_up')).toBe(1);
  });

  it('survives every error of a refused handshake', async () => {
    // A TLS socket sometimes emits a second one, which nobody would hear: vitest fails on it.
    const replicas = Array.from({ length: 10 }, () => redisReplica(options({ ca: undefined })));
    for (const replica of replicas) {
      await pollUntil('it is refused', () => replica.log.length > 0);
      await replica[Symbol.asyncDispose]();
    }
  });

  it('tries again when the certificate files are whole again', async () => {
    let key = new Secret('not a key');
    await using replica = redisReplica(options(() => ({ key })));
    await pollUntil('it cannot connect', () => replica.log.length > 0);
    key = new Secret(redis.certificate?.key ?? '');
    await pollUntil('it connects', () => replica.store.readSession(name()));
  });
});

describeWith(['redis'], 'Redis with credentials that change', () => {
  it('is reached with the new password once it hangs up', async () => {
    await using redis = await startRedis();
    const setPassword = (password: string) =>
      redis.command(
        'acl',
        'setuser',
        'ada',
        'on',
        'resetpass',
        `>${password}`,
        '~*',
        '&*',
        '+@all',
      );
    let password = 'first';
    await setPassword(password);
    const options = { username: 'ada', password: () => new Secret(password) };
    await using replica = await openRedisReplica(singleRedis(redis.port, options));
    password = 'second';
    await setPassword(password);
    await redis.command('client', 'kill', 'user', 'ada');
    await pollUntil('the store answers', () => replica.store.readSession(name()));
    await pollUntil('it hears', () => replica.metric('kfgw_revocation_channel_up') === 1);
  });
});

describeWith(['redis'], 'a master that was demoted', () => {
  it('is left, because it refuses writes', async () => {
    await using redis = await startRedis();
    await using replica = await openRedisReplica(singleRedis(redis.port));
    const create = () => replica.store.createSession(name(), session(Date.now()));
    await redis.command('replicaof', '127.0.0.1', String(await freePort()));
    await expect(create()).rejects.toThrow(StoreUnavailable);
    await pollUntil('it is left', () => replica.log.some((l) => l.includes('connection ended')));
    await redis.command('replicaof', 'no', 'one');
    expect(await pollUntil('writes succeed', create)).toBe('created');
  });
});

describeWith(['redis'], 'a process that used Redis', () => {
  const script = (port: number) => `
    import { redisReplica, singleRedis } from './test/fixtures/redis-replica.ts';
    const replica = redisReplica(singleRedis(${port}));
    const isUp = () => replica.metric('kfgw_revocation_channel_up') === 1;
    for (let i = 0; i < 20 && !isUp(); i++) await new Promise((done) => setTimeout(done, 50));
    const started = performance.now();
    await replica[Symbol.asyncDispose]();
    process.on('exit', () => console.log(isUp(), performance.now() - started));`;
  const run = async (port: number) => {
    const args = ['--input-type=module', '--eval', script(port)];
    const [wasUp, endedAfterMs] = (await runProgram(process.execPath, args)).trim().split(' ');
    return { wasUp, endedAfterMs: Number(endedAfterMs) };
  };

  it('ends as soon as it has closed', async () => {
    await using redis = await startRedis();
    const { wasUp, endedAfterMs } = await run(redis.port);
    expect(wasUp).toBe('true');
    expect(endedAfterMs).toBeLessThan(1_000);
  });

  it('ends as soon as it has closed when Redis was never there, or is silent', async () => {
    expect(await run(await freePort())).toMatchObject({ wasUp: 'false' });
    await using redis = await startRedis();
    redis.process.suspend();
    const { wasUp, endedAfterMs } = await run(redis.port);
    redis.process.resume();
    expect(wasUp).toBe('false');
    expect(endedAfterMs).toBeLessThan(1_500);
  });
});
