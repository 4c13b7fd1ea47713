// Owns which server a connection goes to: the one there is, the master that Sentinels name, or the
// nodes of a Cluster.
import type { Redis } from 'ioredis';
import type { Cancel } from '../../kernel/clock.ts';
import type { KeptConnectionTools } from './kept-connection.ts';
import { clusterConnection, serverConnection, type RedisConnection } from './redis-connection.ts';
import {
  parseRedisAddress,
  type ClusterMode,
  type RedisOptions,
  type SentinelMode,
  type SingleMode,
} from './redis-options.ts';
import { SentinelWatch } from './sentinel-watch.ts';

/** Connections that are not connected yet; undefined while it is not known where to. */
export interface RedisServers {
  commands(): RedisConnection | undefined;
  /** `attempt` counts from 0, so that attempts can go to different nodes. */
  subscription(attempt: number): Redis | undefined;
  /** Calls `listener` whenever connections should go to another server than before. */
  onSwitch(listener: () => void): Cancel;
  close(): Promise<void>;
}

export function redisServers(options: RedisOptions, tools: KeptConnectionTools): RedisServers {
  switch (options.mode) {
    case 'single':
      return fixedServer(options);
    case 'sentinel':
      return watchedServers(options, new SentinelWatch(options, tools));
    case 'cluster':
      return clusterServers(options);
  }
}

/** What does not switch has nobody to tell and nothing to close. */
const steady = { onSwitch: () => () => undefined, close: () => Promise.resolve() };

function fixedServer(options: SingleMode): RedisServers {
  const connection = (): Redis => serverConnection(options, parseRedisAddress(options.address));
  return { ...steady, commands: connection, subscription: connection };
}

function watchedServers(options: SentinelMode, watch: SentinelWatch): RedisServers {
  const connection = (): Redis | undefined =>
    watch.master && serverConnection(options, watch.master);
  return {
    commands: connection,
    subscription: connection,
    onSwitch: (listener) => watch.onSwitch(listener),
    close: () => watch.close(),
  };
}

/**
 * In a Cluster every node passes every message on (Redis documentation, "Redis Pub/Sub": messages
 * published in a cluster reach all subscribers), so a subscription may go to any.
 */
function clusterServers(options: ClusterMode): RedisServers {
  const addresses = options.addresses.map(parseRedisAddress);
  return {
    ...steady,
    commands: () => clusterConnection(options),
    subscription(attempt) {
      const address = addresses[attempt % addresses.length];
      return address && serverConnection(options, address);
    },
  };
}
