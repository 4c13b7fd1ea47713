// Owns the set of WebSockets through the door: opening them upstream, and ending them all.
import http from 'node:http';
import https from 'node:https';
import type { Upstream } from '../access/upstream-table.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { Answers } from './answer.ts';
import type { Tell } from './exchange.ts';
import type { Admitted } from './forwarding.ts';
import type { LiveConnections } from './live-connections.ts';
import { outgoingHeaders, upgradeHeaders } from './outgoing-headers.ts';
import type { ResponseDeadlines } from './response-deadlines.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import { WebSocketConnection, type WebSocketDeps } from './websocket-connection.ts';

export interface WebSocketDoorDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly hygiene: Hygiene;
  readonly answers: Answers;
  readonly tell: Tell;
  readonly live: LiveConnections;
  readonly deadlines: ResponseDeadlines;
}

export class WebSocketDoor {
  readonly #connections: ReadonlyMap<Upstream, UpstreamConnection>;
  readonly #deps: WebSocketDoorDeps;
  readonly #connectionDeps: WebSocketDeps;
  readonly #open = new Set<WebSocketConnection>();

  constructor(connections: ReadonlyMap<Upstream, UpstreamConnection>, deps: WebSocketDoorDeps) {
    this.#connections = connections;
    this.#deps = deps;
    this.#connectionDeps = {
      clock: deps.clock,
      answers: deps.answers,
      tell: deps.tell,
      onUpstreamError: (reason) => {
        deps.metrics.increment('kfgw_upstream_errors_total', { reason });
      },
      onAnswered: (connection) => {
        deps.deadlines.forget(connection);
      },
      onEnded: (connection) => {
        this.#open.delete(connection);
        deps.live.remove(connection);
      },
    };
  }

  /** Opens a permitted WebSocket: the client gets 101 only from the application itself. */
  open(admitted: Admitted): void {
    const { question, permission, upstream } = admitted;
    const to = this.#connections.get(upstream);
    if (to === undefined) throw new Error('an upstream without a connection');
    const headers = outgoingHeaders(question, permission, upstream, this.#deps.hygiene);
    const request = (to.protocol === 'https:' ? https : http).request({
      host: to.hostname,
      port: to.port,
      agent: to.fresh,
      method: 'GET',
      path: question.head.target.raw,
      headers: upgradeHeaders(headers),
    });
    const connection = new WebSocketConnection(admitted, this.#connectionDeps);
    this.#open.add(connection);
    this.#deps.deadlines.watch(connection);
    if (permission.kind === 'permit') this.#deps.live.add(connection);
    connection.open(request);
  }

  get size(): number {
    return this.#open.size;
  }

  shutDown(): void {
    for (const connection of this.#open) connection.shutDown();
  }

  destroyAll(): void {
    for (const connection of this.#open) connection.destroy();
  }
}
