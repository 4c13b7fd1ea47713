// Owns where sessions live: memory or Redis, by configuration.
import { readFileSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import type { ChangeChannel } from '../identity/session/change-channel.ts';
import { MemoryChangeChannel } from '../identity/session/memory-change-channel.ts';
import { MemoryRecordStore } from '../identity/session/memory-record-store.ts';
import type { RecordStore } from '../identity/session/record-store.ts';
import type { RedisOptions, RedisTls } from '../identity/session/redis-options.ts';
import { openRedisStorage } from '../identity/session/redis-storage.ts';
import { Secret } from '../kernel/secret.ts';
import type { CurrentSecrets } from './current-secrets.ts';
import type { GatewayParts } from './gateway-parts.ts';

export interface Storage {
  readonly store: RecordStore;
  readonly channel: ChangeChannel;
  close(): Promise<void>;
}

/** Never waits for Redis: a gateway whose store is down starts, and says so. */
export function openStorage(config: Config, secrets: CurrentSecrets, parts: GatewayParts): Storage {
  const { store, channel } =
    config.session.store === 'memory' ? memoryStorage(parts) : redisStorage(config, secrets, parts);
  return {
    store,
    channel,
    async close() {
      await channel.close();
      await store.close();
    },
  };
}

/** Up for as long as the process is. */
function memoryStorage({ clock, logger, metrics }: GatewayParts) {
  metrics.set('kfgw_store_up', {}, 1);
  metrics.set('kfgw_revocation_channel_up', {}, 1);
  return { store: new MemoryRecordStore(clock), channel: new MemoryChangeChannel(logger) };
}

function redisStorage(config: Config, secrets: CurrentSecrets, parts: GatewayParts) {
  const options = redisOptions(config.redis, secrets);
  const { store, changes } = openRedisStorage({ ...parts, options });
  return { store, channel: changes };
}

function redisOptions(redis: Config['redis'], secrets: CurrentSecrets): RedisOptions {
  const { addresses } = redis;
  const common = {
    username: redis.username,
    password: () => secrets.now.redisPassword,
    tls: () => (redis.tls.enabled ? redisTls(redis.tls) : undefined),
    keyPrefix: redis.keyPrefix,
    connectTimeoutMs: redis.connectTimeoutMs,
    commandTimeoutMs: redis.commandTimeoutMs,
  };
  switch (redis.mode) {
    case 'single':
      return { ...common, mode: 'single', address: addresses[0] ?? '', database: redis.database };
    case 'cluster':
      return { ...common, mode: 'cluster', addresses };
    case 'sentinel':
      return {
        ...common,
        mode: 'sentinel',
        addresses,
        sentinelName: redis.sentinelName,
        sentinelUsername: redis.sentinelUsername,
        sentinelPassword: () => secrets.now.redisSentinelPassword,
        database: redis.database,
      };
  }
}

/** Read for every connection, so that rotated certificates count without a restart. */
function redisTls(tls: Config['redis']['tls']): RedisTls {
  return {
    ca: readIfNamed(tls.caFile),
    cert: readIfNamed(tls.certFile),
    key: tls.keyFile === undefined ? undefined : new Secret(readFileSync(tls.keyFile, 'utf8')),
    serverName: tls.serverName,
    insecureSkipTlsVerify: tls.insecureSkipTlsVerify,
  };
}

/** The text of a PEM file; undefined where none is configured. */
export function readIfNamed(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}
