// Owns the sockets to Redis. ioredis' own connectors listen for a socket's first error only; a TLS
// socket that refuses a certificate can emit a second one, which would end the process.
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { AbstractConnector, type Redis } from 'ioredis';
import type { RedisAddress, RedisTls } from './redis-options.ts';

/** How long a closed connection may take to say goodbye before it is destroyed, in milliseconds. */
const DISCONNECT_TIMEOUT_MS = 200;

export interface ConnectorRules {
  /** Asked anew for every connection; undefined is plain TCP. */
  readonly tls: () => RedisTls | undefined;
  /** Whether a server that is not a master is left at once. */
  readonly mustBeMaster: boolean;
}

/** The class that ioredis makes a connector of, for `host` and `port` of the options that it passes. */
export function connectorClass({ tls, mustBeMaster }: ConnectorRules) {
  return class RedisConnector extends AbstractConnector {
    readonly #options: unknown;

    constructor(options: unknown) {
      super(DISCONNECT_TIMEOUT_MS);
      this.#options = options;
    }

    override connect(): Promise<Redis['stream']> {
      // What throws in here must reject: ioredis would wait for ever.
      return new Promise((resolve) => {
        const stream = open(addressOf(this.#options), tls());
        stream.on('error', (error) => {
          this.firstError ??= error;
        });
        this.connecting = true;
        this.stream = stream;
        resolve(stream);
      });
    }

    /** `info` is what INFO says. */
    override check({ role }: { readonly role?: string }): boolean {
      return !mustBeMaster || role === 'master';
    }
  };
}

function open(address: RedisAddress, tls: RedisTls | undefined): Socket {
  return tls === undefined
    ? createConnection({ ...address })
    : connectTls({ ...tlsOptions(tls), ...address });
}

function addressOf(options: unknown): RedisAddress {
  if (typeof options === 'object' && options !== null && 'host' in options && 'port' in options) {
    const { host, port } = options;
    if (typeof host === 'string' && typeof port === 'number') return { host, port };
  }
  throw new TypeError('a Redis connection needs a host and a port');
}

function tlsOptions(tls: RedisTls): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !tls.insecureSkipTlsVerify,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key?.reveal(),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}
