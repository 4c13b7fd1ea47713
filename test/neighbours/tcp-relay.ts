// Owns a TCP relay in front of a neighbour, with which a test makes the way to it slow or broken.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A relay on 127.0.0.1; unlike a suspended neighbour, one client's way can be broken alone. */
export interface TcpRelay extends AsyncDisposable {
  readonly port: number;
  /** Every chunk, both ways, is passed on so much later. */
  setDelay(delayMs: number): void;
  /** Resets every connection, and every new one, until mend(). */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** Starts a relay to a port of 127.0.0.1. */
export async function startTcpRelay(toPort: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const state = { delayMs: 0, isCut: false };
  const server = createServer((client) => {
    if (state.isCut) return void client.resetAndDestroy();
    const neighbour = connect(toPort, '127.0.0.1');
    join(client, neighbour, sockets, () => state.delayMs);
    join(neighbour, client, sockets, () => state.delayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    state.isCut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stop = async (): Promise<void> => {
    cut();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return {
    port: portOf(server.address()),
    setDelay: (delayMs) => (state.delayMs = delayMs),
    cut,
    mend: () => (state.isCut = false),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function join(from: Socket, to: Socket, sockets: Set<Socket>, delayMs: () => number): void {
  sockets.add(from);
  // One chain per direction keeps chunks in order when the delay changes.
  let passed: Promise<unknown> = Promise.resolve();
  const pass = (act: () => void): void => {
    const due = delayMs() === 0 ? undefined : delay(delayMs());
    passed = passed.then(() => due).then(act);
  };
  from.on('data', (chunk: Buffer) => pass(() => to.writable && to.write(chunk)));
  from.on('end', () => pass(() => to.end()));
  from.on('error', () => undefined);
  from.on('close', () => {
    sockets.delete(from);
    pass(() => to.destroy());
  });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return address.port;
}
