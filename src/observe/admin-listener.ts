// Owns the admin listener: liveness, readiness and metrics, on an address that no door shares, because
// a health path that answers 200 on a door would be a way past it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
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

/** Listens on `host:port` (0 is any free port) and resolves when connections are taken. */
export async function openAdminListener(
  address: { readonly host: string; readonly port: number },
  sources: AdminSources,
): Promise<AdminListener> {
  const server = createServer((request, response) => {
    answer(request, response, sources).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
