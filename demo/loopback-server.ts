// Owns HTTP servers on a free port of 127.0.0.1.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { isIPv4 } from 'node:net';

export interface LoopbackServer {
  readonly server: Server;
  /** Scheme, host and port. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts serving; resolves when connections are taken. */
export async function serveOnLoopback(listener: RequestListener): Promise<LoopbackServer> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string' || !isIPv4(address.address)) {
    throw new Error('the server has no address');
  }
  return {
    server,
    url: `http://${address.address}:${address.port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
