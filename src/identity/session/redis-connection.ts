// Owns what one connection to Redis is in ioredis' terms. Nothing here reconnects: a connection
// that ends is replaced by a new one (kept-connection.ts), with credentials and addresses read anew.
import { Cluster, Redis, type RedisOptions as IoRedisOptions } from 'ioredis';
import { connectorClass } from './redis-connector.ts';
import {
  parseRedisAddress,
  type ClusterMode,
  type RedisAddress,
  type RedisOptions,
  type SentinelMode,
} from './redis-options.ts';

export type RedisConnection = Redis | Cluster;

/** A server that is silent for so many command deadlines is given up, in favour of a new connection. */
const SILENT_DEADLINES = 2;

/** A connection to one server; not yet connected. With Sentinel it must be a master. */
export function serverConnection(options: RedisOptions, address: RedisAddress): Redis {
  return new Redis({
    ...nodeOptions(options),
    ...address,
    username: options.username,
    password: options.password()?.reveal(),
    db: options.mode === 'cluster' ? 0 : options.database,
    retryStrategy: null,
  });
}

/** A connection to a Sentinel; not yet connected. */
export function sentinelConnection(options: SentinelMode, address: RedisAddress): Redis {
  return new Redis({
    ...nodeOptions(options),
    Connector: connectorClass({ tls: options.tls, mustBeMaster: false }),
    ...address,
    username: options.sentinelUsername,
    password: options.sentinelPassword()?.reveal(),
    enableReadyCheck: false,
    retryStrategy: null,
  });
}

/** A connection to all nodes of a Cluster; not yet connected. */
export function clusterConnection(options: ClusterMode): Cluster {
  const credentials = { username: options.username, password: options.password()?.reveal() };
  const cluster = new Cluster(options.addresses.map(parseRedisAddress), {
    redisOptions: { ...nodeOptions(options), ...credentials },
    lazyConnect: true,
    clusterRetryStrategy: () => null,
    slotsRefreshTimeout: options.connectTimeoutMs,
    // Names are resolved at every connection, and stay names for the certificate check.
    dnsLookup: (address, callback) => {
      callback(null, address);
    },
  });
  // Nodes join during its life, and are connected to again and again.
  cluster.on('+node', (node: Redis) => {
    const password = () => options.password()?.reveal();
    Object.defineProperty(node.options, 'password', { enumerable: true, get: password });
  });
  return cluster;
}

function nodeOptions(options: RedisOptions) {
  return {
    Connector: connectorClass({ tls: options.tls, mustBeMaster: options.mode === 'sentinel' }),
    // Only tells ioredis which of the socket's events to wait for.
    tls: options.tls() === undefined ? undefined : {},
    // RESP2 is all that is needed, and what every Redis, fork and proxy speaks.
    protocol: 2,
    connectionName: 'kfgw',
    disableClientInfo: true,
    lazyConnect: true,
    // A command that was sent may have been executed: sent twice, a compare-and-set would conflict
    // with itself.
    autoResendUnfulfilledCommands: false,
    connectTimeout: options.connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs,
    socketTimeout: SILENT_DEADLINES * options.commandTimeoutMs,
    // A master that was demoted in a failover.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  } satisfies IoRedisOptions;
}
