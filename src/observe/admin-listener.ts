// Owns the admin listener: liveness, readiness and metrics, on an address that no door shares, because
// a health path that answers 200 on a door would be a way past it.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

/** What `/readyz` says. Trouble of a dependency shows here and never makes the replica unready. */
export interface Readiness {
  readonly ready: boolean;
  /** One short word per part, such as `session_store: up`. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface AdminSources {
  readiness(): Readiness;
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface AdminListener {
  readonly port: number;
  /** New connections get this certificate. Throws when it is not one; the old one then stays. */
  useCertificate(tls: { readonly cert: string; readonly key: string }): void;
  close(): Promise<void>;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  sources: AdminSources,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  switch (request.url) {
    case '/healthz':
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
      return;
    case '/readyz': {
      const state = sources.readiness();
      response
        .writeHead(state.ready ? 200 : 503, { 'content-type': 'application/json' })
        .end(`${JSON.stringify(state)}\n`);
      return;
    }
    case '/metrics': {
      const { contentType, body } = await sources.metrics();
      response.writeHead(200, { 'content-type': contentType }).end(body);
      return;
    }
    default:
      response.writeHead(404).end();
  }
}

export interface AdminAddress {
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  /** PEM of certificate chain and key; plain http without. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** Resolves when connections are taken; rejects when the address cannot be had. */
export async function openAdminListener(
  address: AdminAddress,
  sources: AdminSources,
): Promise<AdminListener> {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response, sources).catch(() => response.destroy());
  };
  const server =
    address.tls === undefined
      ? http.createServer(onRequest)
      : https.createServer(address.tls, onRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    useCertificate(tls) {
      if (server instanceof https.Server) server.setSecureContext(tls);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
