// Owns what one connection to Redis is in ioredis' terms. Nothing here reconnects: a connection
// that ends is replaced by a new one (kept-connection.ts), with credentials and addresses read anew.
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions as IoRedisOptions } from 'ioredis';
import { parseRedisAddress, type RedisOptions, type RedisTls } from './redis-options.ts';

export type RedisConnection = Redis | Cluster;

type SentinelMode = Extract<RedisOptions, { mode: 'sentinel' }>;
type ClusterMode = Extract<RedisOptions, { mode: 'cluster' }>;

/** How long a closed connection may take to say goodbye before it is destroyed, in milliseconds. */
const DISCONNECT_TIMEOUT_MS = 200;
/** A server that is silent for so many command deadlines is given up, in favour of a new connection. */
const SILENT_DEADLINES = 2;
/** Often enough to notice within the outage of one Sentinel, in milliseconds. */
const SENTINEL_RECONNECT_MS = 5_000;

/** A new connection for commands; not yet connected. */
export function commandConnection(options: RedisOptions): RedisConnection {
  return options.mode === 'cluster' ? clusterConnection(options) : serverConnection(options, 0);
}

/**
 * A new connection for one subscription; not yet connected. In a Cluster every node passes every
 * message on (Redis: "Pub/Sub in Redis Cluster"), so it goes to one address, the next at each attempt.
 */
export function subscriptionConnection(options: RedisOptions, attempt: number): Redis {
  return serverConnection(options, attempt);
}

function serverConnection(options: RedisOptions, attempt: number): Redis {
  const common = { ...nodeOptions(options), retryStrategy: null };
  if (options.mode === 'sentinel') return new Redis({ ...common, ...sentinelOptions(options) });
  if (options.mode === 'single') {
    return new Redis({ ...common, ...parseRedisAddress(options.address), db: options.database });
  }
  const { addresses } = options;
  return new Redis({
    ...common,
    ...parseRedisAddress(addresses[attempt % addresses.length] ?? ''),
  });
}

function sentinelOptions(options: SentinelMode) {
  const tls = tlsOptions(options.tls());
  const password = options.sentinelPassword()?.reveal();
  return {
    name: options.sentinelName,
    sentinels: options.addresses.map(parseRedisAddress),
    db: options.database,
    sentinelUsername: options.sentinelUsername,
    sentinelPassword: password,
    sentinelCommandTimeout: options.commandTimeoutMs,
    sentinelRetryStrategy: () => null,
    sentinelReconnectStrategy: () => SENTINEL_RECONNECT_MS,
    // Told by the Sentinels of a failover, instead of waiting for the old master to hang up.
    failoverDetector: true,
    sentinelTLS: tls,
    enableTLSForSentinelMode: tls !== undefined,
  } satisfies IoRedisOptions;
}

function clusterConnection(options: ClusterMode): Cluster {
  const cluster = new Cluster(options.addresses.map(parseRedisAddress), {
    redisOptions: nodeOptions(options),
    lazyConnect: true,
    clusterRetryStrategy: () => null,
    slotsRefreshTimeout: options.connectTimeoutMs,
    // Names are resolved at every connection, and stay names for the certificate check.
    dnsLookup: (address, callback) => {
      callback(null, address);
    },
  });
  cluster.on('+node', (node: Redis) => {
    renewCredentials(node, options);
  });
  return cluster;
}

/** Nodes join a Cluster client during its life: each reads the credentials whenever it connects. */
function renewCredentials(node: Redis, options: ClusterMode): void {
  Object.defineProperties(node.options, {
    password: { enumerable: true, get: () => options.password()?.reveal() },
    tls: { enumerable: true, get: () => tlsOptions(options.tls()) },
  });
}

function nodeOptions(options: RedisOptions) {
  return {
    username: options.username,
    password: options.password()?.reveal(),
    tls: tlsOptions(options.tls()),
    // RESP2 is all that is needed, and what every Redis, fork and proxy speaks.
    protocol: 2,
    connectionName: 'kfgw',
    disableClientInfo: true,
    lazyConnect: true,
    // A command that was sent may have been executed: sent twice, a compare-and-set would conflict
    // with itself.
    autoResendUnfulfilledCommands: false,
    connectTimeout: options.connectTimeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    commandTimeout: options.commandTimeoutMs,
    socketTimeout: SILENT_DEADLINES * options.commandTimeoutMs,
    // A master that was demoted in a failover.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  } satisfies IoRedisOptions;
}

function tlsOptions(tls: RedisTls | undefined): ConnectionOptions | undefined {
  if (tls === undefined) return undefined;
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !tls.insecureSkipTlsVerify,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key?.reveal(),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}
