// Owns how the gateway connects to one application: address, TLS, and the pools of connections.
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Upstream } from '../access/upstream-table.ts';

/** Connections to one application at once, WebSockets aside; more requests wait for one. */
const MAX_CONNECTIONS = 8_192;
/** Idle connections kept for the next requests. */
const MAX_IDLE_CONNECTIONS = 256;

export interface UpstreamConnection {
  readonly protocol: 'http:' | 'https:';
  /** Without brackets around IPv6. */
  readonly hostname: string;
  readonly port: number;
  readonly verifiesCertificate: boolean;
  /** Keeps connections for the next request. */
  readonly pooled: http.Agent;
  /** A new connection for every request: WebSockets, and the one retry after a dead connection. */
  readonly fresh: http.Agent;
  close(): void;
}

/**
 * The name that TLS expects is set here in any case: left open, `node:https` takes it from the Host
 * header, which the client writes and the gateway passes on unchanged.
 */
export function connectTo(upstream: Upstream): UpstreamConnection {
  const { url, tls } = upstream;
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'https:';
  const common = { noDelay: true, keepAlive: true, keepAliveMsecs: 30_000 };
  const secure = {
    servername: tls.serverName ?? (isIP(hostname) === 0 ? hostname : ''),
    rejectUnauthorized: tls.insecureSkipTlsVerify !== true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
  const pool = { ...common, maxSockets: MAX_CONNECTIONS, maxFreeSockets: MAX_IDLE_CONNECTIONS };
  const single = { ...common, keepAlive: false };
  const agent = (options: http.AgentOptions): http.Agent =>
    isTls ? new https.Agent({ ...options, ...secure }) : new http.Agent(options);
  const [pooled, fresh] = [agent(pool), agent(single)];
  return {
    protocol: isTls ? 'https:' : 'http:',
    hostname,
    port: Number(url.port) || (isTls ? 443 : 80),
    verifiesCertificate: secure.rejectUnauthorized,
    pooled,
    fresh,
    close() {
      pooled.destroy();
      fresh.destroy();
    },
  };
}
