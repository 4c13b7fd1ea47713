// Owns the TCP connections of a listener: which of them have requests under way, and their end.
import type { Server } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { every, type Clock } from '../kernel/clock.ts';

/** How often a draining listener looks for connections that have become idle. */
const DRAIN_POLL_MS = 100;
/** How long a connection that never had a request may still send one while draining. */
const SILENT_MS = 1_000;

export class OpenConnections {
  readonly #server: Server;
  /** Every connection, those in a TLS handshake or upgraded included: node:http forgets these. */
  readonly #all = new Set<Socket>();
  /** Browsers and balancers open connections in advance; node:http does not call them idle. */
  readonly #silent = new Set<Socket>();
  readonly #underWay = new WeakMap<Socket, number>();

  constructor(server: Server) {
    this.#server = server;
    keep(this.#all, server, 'connection');
    keep(this.#silent, server, server instanceof https.Server ? 'secureConnection' : 'connection');
  }

  /** A request has come on the connection. */
  begin(socket: Socket): void {
    this.#silent.delete(socket);
    this.#underWay.set(socket, (this.#underWay.get(socket) ?? 0) + 1);
  }

  /** The request and its answer are complete. */
  end(socket: Socket): void {
    this.#underWay.set(socket, (this.#underWay.get(socket) ?? 1) - 1);
  }

  /** While true, nothing may be written beside the answers that are under way. */
  isBusy(socket: Socket): boolean {
    return (this.#underWay.get(socket) ?? 0) > 0;
  }

  /** Stops accepting, lets what is under way finish, and ends the rest after `drainMs` milliseconds. */
  async drain(drainMs: number, clock: Clock): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const cancels = [
      every(clock, DRAIN_POLL_MS, () => {
        this.#server.closeIdleConnections();
      }),
      clock.after(Math.min(SILENT_MS, drainMs), () => {
        for (const socket of this.#silent) socket.destroy();
      }),
      clock.after(drainMs, () => {
        for (const socket of this.#all) socket.destroy();
      }),
    ];
    await closed;
    for (const cancel of cancels) cancel();
  }
}

function keep(set: Set<Socket>, server: Server, event: 'connection' | 'secureConnection'): void {
  server.on(event, (socket: Socket) => {
    set.add(socket);
    socket.once('close', () => set.delete(socket));
  });
}
