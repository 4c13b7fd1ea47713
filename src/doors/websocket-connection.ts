// Owns one WebSocket from its admission to its end: the handshake with the application, then the
// tunnel for as long as the decision holds.
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Upstream } from '../access/upstream-table.ts';
import type { Permit, Public, Question } from '../decide.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import type { Answers, Denial } from './answer.ts';
import type { Exchange, Tell } from './exchange.ts';
import type { Admitted } from './forwarding.ts';
import type { LiveConnection } from './live-connections.ts';
import type { AwaitedAnswer, Progress } from './response-deadlines.ts';
import { Seat } from './seats.ts';
import { returnedHeaders, withoutLength, workerScope } from './returned-headers.ts';
import { Tunnel } from './tunnel.ts';
import { isFinal, upstreamReason, type UpstreamReason } from './upstream-failure.ts';

/**
 * Session ended, right withdrawn: the range for applications is 4000 to 4999 (RFC 6455 section 7.4.2).
 * Nobody can say: Try Again Later (IANA WebSocket Close Code Number Registry).
 */
const CLOSE_BY_DENIAL = {
  challenge: 4401,
  refuse: 4403,
  provisioning: 4403,
  unavailable: 1013,
} as const;
/** Service Restart (same registry). */
const CLOSE_SHUTTING_DOWN = 1012;

/** The last use of a session is only written back in batches: more often would be wasted. */
const MARK_USED_EVERY_MS = 10_000;

export interface WebSocketDeps {
  readonly clock: Clock;
  readonly answers: Answers;
  readonly tell: Tell;
  /** The handshake failed for this reason. */
  readonly onUpstreamError: (reason: UpstreamReason) => void;
  /** The handshake has an answer, or needs none any more. */
  readonly onAnswered: (connection: WebSocketConnection) => void;
  /** The connection has ended; called once. */
  readonly onEnded: (connection: WebSocketConnection) => void;
}

export class WebSocketConnection implements LiveConnection, AwaitedAnswer {
  readonly liveSeat: Seat<LiveConnection> = new Seat<LiveConnection>(this);
  readonly deadlineSeat: Seat<AwaitedAnswer> = new Seat<AwaitedAnswer>(this);
  progress: Progress | undefined = undefined;
  readonly kind = 'websocket';
  readonly question: Question;
  readonly upstream: Upstream;
  readonly #exchange: Exchange;
  readonly #deps: WebSocketDeps;
  #permission: Permit | Public;
  #request: ClientRequest | undefined = undefined;
  #tunnel: Tunnel | undefined = undefined;
  #isSettled = false;
  #markedAtMs = -Infinity;

  constructor(admitted: Admitted, deps: WebSocketDeps) {
    this.question = admitted.question;
    this.upstream = admitted.upstream;
    this.#exchange = admitted.exchange;
    this.#permission = admitted.permission;
    this.#deps = deps;
  }

  get request(): ClientRequest | undefined {
    return this.#request;
  }

  /** Takes the handshake request, which is sent here and nowhere else. */
  open(request: ClientRequest): void {
    this.#request = request;
    const { socket } = this.#exchange.req;
    socket.once('close', this.#onClientGone);
    socket.once('end', this.#onClientGone);
    socket.read(0); // Starts reading, so that a client that leaves is noticed now.
    request.once('upgrade', (response, upstream, head) => {
      this.#onUpgrade(response, upstream, head);
    });
    request.once('response', (response) => {
      this.#onRefusal(response);
    });
    request.on('error', (error) => {
      this.#fail(upstreamReason(error));
    });
    request.end();
  }

  expire(): void {
    this.#fail('upstream_timeout');
  }

  renew(permit: Permit): void {
    this.#permission = permit;
  }

  withdraw(denial: Denial): void {
    this.#close(CLOSE_BY_DENIAL[denial.kind], denial.reason, () => {
      this.#deps.answers.deny(this.#exchange, denial, 'program');
    });
  }

  /** Tells the client to come back: another replica will take it. */
  shutDown(): void {
    this.#close(CLOSE_SHUTTING_DOWN, 'shutting_down', () => {
      this.#deps.answers.fail(this.#exchange, 'shutting_down', 'program');
    });
  }

  destroy(): void {
    this.#request?.destroy();
    this.#tunnel?.destroy();
    this.#exchange.req.socket.destroy();
  }

  #close(code: number, reason: ReasonCode, answer: () => void): void {
    if (this.#tunnel === undefined) {
      this.#settle();
      if (this.#exchange.isOpen) answer();
      else this.#exchange.req.socket.destroy();
      this.#request?.destroy();
      return;
    }
    if (!this.#tunnel.close(code, reason)) return;
    this.#exchange.conclude('withdrawn', reason);
    this.#tell();
  }

  readonly #onClientGone = (): void => {
    this.#settle();
    this.#request?.destroy();
    this.#exchange.req.socket.destroy();
    this.#deps.onEnded(this);
  };

  #onUpgrade(response: IncomingMessage, upstream: Socket, head: Buffer): void {
    const { socket } = this.#exchange.req;
    if (this.#isSettled || socket.destroyed) {
      upstream.destroy();
      return;
    }
    upstream.on('error', () => undefined);
    if (response.headers.upgrade?.toLowerCase() !== 'websocket') {
      upstream.destroy();
      this.#fail('upstream_protocol');
      return;
    }
    this.#settle();
    socket.off('close', this.#onClientGone);
    socket.off('end', this.#onClientGone);
    this.#exchange.res.detachSocket(socket);
    socket.write(this.#switchingProtocols(response), 'latin1');
    if (head.length > 0) upstream.unshift(head);
    this.#tunnel = new Tunnel({
      client: socket,
      upstream,
      clock: this.#deps.clock,
      onClientMessage: () => {
        this.#markUsed();
      },
      onClosed: () => {
        this.#deps.onEnded(this);
      },
    });
    this.#tell();
  }

  #switchingProtocols(response: IncomingMessage): string {
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
    const headers = withoutLength(this.#returned(response));
    for (let at = 0; at + 1 < headers.length; at += 2) {
      lines.push(`${headers[at] ?? ''}: ${headers[at + 1] ?? ''}`);
    }
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  #returned(response: IncomingMessage): string[] {
    const scope = workerScope(this.question.head.target.segments, this.upstream.segments);
    return returnedHeaders(response.rawHeaders, scope);
  }

  /** The application does not want the WebSocket: its answer goes to the client as it is. */
  #onRefusal(response: IncomingMessage): void {
    if (this.#isSettled) {
      response.destroy();
      return;
    }
    const { res, req } = this.#exchange;
    response.once('error', () => req.socket.destroy());
    if (!isFinal(response)) {
      this.#fail('upstream_protocol');
      return;
    }
    const headers = [...this.#returned(response), 'Connection', 'close'];
    try {
      res.writeHead(response.statusCode ?? 0, response.statusMessage, headers);
    } catch {
      res.statusMessage = '';
      this.#fail('upstream_protocol');
      return;
    }
    this.#settle();
    res.once('close', () => response.destroy());
    response.pipe(res);
  }

  #fail(reason: UpstreamReason): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#request?.destroy();
    if (!this.#exchange.isOpen) return;
    this.#deps.onUpstreamError(reason);
    this.#deps.answers.fail(this.#exchange, reason, 'program');
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#deps.onAnswered(this);
  }

  #markUsed(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#permission.kind === 'public' || nowMs - this.#markedAtMs < MARK_USED_EVERY_MS) return;
    this.#markedAtMs = nowMs;
    this.#permission.identity.markUsed();
  }

  #tell(): void {
    this.#deps.tell(this.#exchange, 101);
  }
}
