// Owns how Redis is reached: one server, a set watched by Sentinel, or a Cluster.
import type { Secret } from '../../kernel/secret.ts';

/** What TLS needs; PEM texts, not files. */
export interface RedisTls {
  /** Authorities to trust instead of the public ones. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: Secret | undefined;
  /** Name to expect in the certificate, when it is not the host that is connected to. */
  readonly serverName: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
}

interface EveryMode {
  /** ACL user; undefined is the default user. */
  readonly username: string | undefined;
  /** Asked anew for every connection, so that a rotated password needs no restart. */
  readonly password: () => Secret | undefined;
  /** Asked anew for every connection; undefined is plain TCP. */
  readonly tls: () => RedisTls | undefined;
  /** Put before every key and channel. */
  readonly keyPrefix: string;
  /** Deadline of a connection until it is usable, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Deadline of every operation, in milliseconds. */
  readonly commandTimeoutMs: number;
}

export interface SingleMode extends EveryMode {
  readonly mode: 'single';
  /** `host:port`. */
  readonly address: string;
  readonly database: number;
}

export interface SentinelMode extends EveryMode {
  readonly mode: 'sentinel';
  /** `host:port` of the Sentinels. */
  readonly addresses: readonly string[];
  /** Name of the watched set. */
  readonly sentinelName: string;
  readonly sentinelUsername: string | undefined;
  readonly sentinelPassword: () => Secret | undefined;
  readonly database: number;
}

export interface ClusterMode extends EveryMode {
  readonly mode: 'cluster';
  /** `host:port` of some nodes; the others are found through them. */
  readonly addresses: readonly string[];
}

export type RedisOptions = SingleMode | SentinelMode | ClusterMode;

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** The parts of `host:port` or `[IPv6]:port`; throws TypeError when it is neither. */
export function parseRedisAddress(text: string): RedisAddress {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new TypeError(`not the host:port of a Redis server: ${text}`);
  }
  return { host, port };
}
