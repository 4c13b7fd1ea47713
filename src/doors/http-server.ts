// Owns the node:http server under the public listener: its limits, time-outs and TLS.
import http, { type Server } from 'node:http';
import https from 'node:https';
import type { RequestLimits } from '../request/hygiene.ts';

/** How often connections are looked at that have not sent their headers in time. */
const HEADERS_CHECK_MS = 5_000;
const TCP_KEEP_ALIVE_MS = 30_000;

export interface TlsMaterial {
  /** PEM of the certificate chain and of its key. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface HttpServerOptions {
  /** Plain http without. */
  readonly tls: TlsMaterial | undefined;
  /** Milliseconds that an idle connection is kept; longer than the proxy in front keeps it. */
  readonly keepAliveMs: number;
  /** Milliseconds that a client may take to send the headers of a request. */
  readonly headersTimeoutMs: number;
}

/** A server that leaves every judgement to its listeners: what it would answer itself is switched off. */
export function createHttpServer(
  options: HttpServerOptions,
  limits: RequestLimits,
  takesWebSockets: boolean,
): Server | https.Server {
  const common: http.ServerOptions = {
    // Hygiene's own limits come first: these only bound what the parser holds.
    maxHeaderSize: limits.headerBytes + limits.urlBytes,
    insecureHTTPParser: false,
    requireHostHeader: false, // Hygiene refuses it, with a reason.
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: 0, // It would cut long uploads.
    keepAliveTimeout: options.keepAliveMs,
    connectionsCheckingInterval: Math.min(HEADERS_CHECK_MS, options.headersTimeoutMs),
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    noDelay: true,
    // Any other protocol is ignored, as RFC 9110 section 7.8 allows: the request is an ordinary one.
    shouldUpgradeCallback: (req) =>
      takesWebSockets &&
      req.httpVersion === '1.1' &&
      /(?:^|,)\s*websocket\s*(?:,|$)/i.test(req.headers.upgrade ?? ''),
  };
  const server =
    options.tls === undefined
      ? http.createServer(common)
      : https.createServer({ ...common, ...options.tls, ALPNProtocols: ['http/1.1'] });
  // Node silently drops headers beyond its limit, and one of them could decide. The size is limited.
  server.maxHeadersCount = 0;
  return server;
}
