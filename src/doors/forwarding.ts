// Owns one request on its way to an application and back: what is known of it, and how it ends.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Upstream } from '../access/upstream-table.ts';
import type { Permit, Public, Question } from '../decide.ts';
import type { Answers, Denial } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { LiveConnection } from './live-connections.ts';
import type { AwaitedAnswer, Progress } from './response-deadlines.ts';
import { Seat } from './seats.ts';
import { isConnectionCut, isIdempotent } from './upstream-failure.ts';

/** What may be forwarded: only `decide` makes the permission. */
export interface Admitted {
  readonly exchange: Exchange;
  readonly question: Question;
  readonly permission: Permit | Public;
  readonly upstream: Upstream;
  /** The whole body where it was read to decide; else it streams through. */
  readonly body?: Buffer | undefined;
}

export interface ForwardingEvents {
  /** The application has let its time pass. */
  overdue(forwarding: Forwarding): void;
  /** The application switched to another protocol although it was not asked to. */
  unwantedUpgrade(forwarding: Forwarding): void;
}

export class Forwarding implements LiveConnection, AwaitedAnswer {
  readonly liveSeat: Seat<LiveConnection> = new Seat<LiveConnection>(this);
  readonly deadlineSeat: Seat<AwaitedAnswer> = new Seat<AwaitedAnswer>(this);
  progress: Progress | undefined = undefined;
  readonly kind = 'stream';
  readonly exchange: Exchange;
  readonly question: Question;
  readonly upstream: Upstream;
  /** Sent instead of what `req` still holds, which is nothing. */
  readonly body: Buffer | undefined;
  /** True once the answer is complete or given up: later events mean nothing. */
  isSettled = false;
  /** The application's answer, once its head has come. */
  response: IncomingMessage | undefined = undefined;
  #request: ClientRequest | undefined = undefined;
  #bytesReadBefore = 0;
  #hasRetried = false;
  readonly #answers: Answers;
  readonly #on: ForwardingEvents;

  constructor(admitted: Admitted, answers: Answers, on: ForwardingEvents) {
    this.exchange = admitted.exchange;
    this.question = admitted.question;
    this.upstream = admitted.upstream;
    this.body = admitted.body;
    this.#answers = answers;
    this.#on = on;
  }

  get request(): ClientRequest | undefined {
    return this.#request;
  }

  expire(): void {
    this.#on.overdue(this);
  }

  /** The request got a connection, new or used before. */
  started(request: ClientRequest): void {
    this.#request = request;
    this.#bytesReadBefore = request.reusedSocket ? (request.socket?.bytesRead ?? 0) : 0;
    if (this.isSettled) request.destroy();
    // Node tells of a 101 that nobody asked for in no other way.
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      this.#on.unwantedUpgrade(this);
    });
  }

  /** False for an answer that came before its question: bytes left behind on a kept connection. */
  get wasSent(): boolean {
    return this.#request?.headersSent === true;
  }

  /**
   * True once, when sending the request again is safe: it is idempotent, had no body, and went out
   * on a kept connection that was closed before one byte of an answer (RFC 9112 section 9.3.1).
   */
  takeRetry(error: unknown): boolean {
    const request = this.#request;
    const isSafe =
      !this.#hasRetried &&
      request?.reusedSocket === true &&
      request.socket?.bytesRead === this.#bytesReadBefore &&
      isConnectionCut(error) &&
      isIdempotent(request.method) &&
      !this.exchange.hasBody;
    this.#hasRetried ||= isSafe;
    return isSafe;
  }

  renew(): void {
    // The request has left with its headers: a newer identity changes nothing about it.
  }

  withdraw(denial: Denial): void {
    this.isSettled = true;
    if (this.exchange.isOpen) this.#answers.deny(this.exchange, denial, this.question.client);
    else this.cutOff();
    this.exchange.conclude('withdrawn', denial.reason);
    this.#request?.destroy();
  }

  /** Gives the request up: the answer, if any, has been written. */
  abandon(): void {
    this.isSettled = true;
    this.#request?.destroy();
  }

  /**
   * Ends an answer that has begun and cannot be completed. RST, because a client that reads until
   * the end of the connection would take FIN for a complete answer (RFC 9112 section 8).
   */
  cutOff(): void {
    const { socket } = this.exchange.req;
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }
}
