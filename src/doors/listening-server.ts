// Owns a listener of doors: the node:http server, reading each request's head, its exchange, and its end.
import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import https from 'node:https';
import { Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../kernel/clock.ts';
import { errorText, type Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import { clientErrorReason } from '../request/client-error.ts';
import { readClientKind } from '../request/client-kind.ts';
import type { Hygiene } from '../request/hygiene.ts';
import { readRequestHead, type ReadRequestHead } from '../request/read-request-head.ts';
import type { RequestHead } from '../request/request-head.ts';
import { bareAnswer, type Answers } from './answer.ts';
import { unreadRequestRecord, type Audit } from './audit.ts';
import { Exchange } from './exchange.ts';
import { endGently, isClosing } from './gentle-close.ts';
import { createHttpServer, type HttpServerOptions, type TlsMaterial } from './http-server.ts';
import { OpenConnections } from './open-connections.ts';

export interface ListeningServerOptions extends HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface ListeningServerDeps {
  readonly hygiene: Hygiene;
  readonly answers: Answers;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** False where a request that asks for a WebSocket is one to be judged like any other. */
  readonly takesWebSockets: boolean;
  /** Answers a request that hygiene let pass; `isUpgrade` where it has become a bare connection. */
  readonly serve: (exchange: Exchange, head: RequestHead, isUpgrade: boolean) => void;
}

export class ListeningServer {
  readonly #options: ListeningServerOptions;
  readonly #deps: ListeningServerDeps;
  readonly #server: Server | https.Server;
  readonly #connections: OpenConnections;

  constructor(options: ListeningServerOptions, deps: ListeningServerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#server = createHttpServer(options, deps.hygiene.limits, deps.takesWebSockets);
    this.#connections = new OpenConnections(this.#server);
    this.#listenTo(this.#server);
  }

  /** Rejects when the address cannot be had. */
  listen(): Promise<AddressInfo> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, this.#options.host, () => {
        server.off('error', reject);
        server.on('error', (error) => {
          this.#deps.logger.error('A listener cannot accept a connection.', {
            error: errorText(error),
          });
        });
        const address = server.address();
        if (address === null || typeof address === 'string') reject(new Error('not a TCP address'));
        else resolve(address);
      });
    });
  }

  /** New connections get this certificate. Throws when it is not one; the old one then stays. */
  useCertificate(tls: TlsMaterial): void {
    if (this.#server instanceof https.Server) this.#server.setSecureContext(tls);
  }

  /** Stops accepting, lets what is under way finish, and ends the rest after `drainMs` milliseconds. */
  drain(drainMs: number): Promise<void> {
    return this.#connections.drain(drainMs, this.#deps.clock);
  }

  /** The answer has left, or the connection ended without one; `status` where it did not go through `res`. */
  tell(exchange: Exchange, status?: number): void {
    const { door, outcome, reason } = exchange;
    if (outcome !== 'page') {
      const labels = { door, outcome, reason: reason ?? 'none' };
      this.#deps.metrics.increment('kfgw_decisions_total', labels);
    }
    this.#deps.audit(exchange.record(this.#deps.clock.monotonicMs(), status));
  }

  #listenTo(server: Server): void {
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      this.#onRequest(req, res, false);
    });
    server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      this.#onRequest(req, res, true);
    });
    server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
      this.#onRequest(req, res, false); // Hygiene knows that expectation and refuses it.
    });
    const onUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
      this.#onUpgrade(req, socket, head);
    };
    server.on('upgrade', onUpgrade);
    server.on('connect', onUpgrade); // Refused by hygiene, as every method that is not served.
    server.on('clientError', (error: Error, socket: Duplex) => {
      this.#onClientError(error, socket);
    });
  }

  #onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const { socket } = req;
    if (isClosing(socket)) {
      socket.destroy();
      return;
    }
    this.#connections.begin(socket);
    // Node drops what is pipelined behind an upgrade that is not taken: the client must know.
    if (req.headers.upgrade !== undefined) res.shouldKeepAlive = false;
    const read = this.#read(req);
    const exchange = this.#exchange(req, res, read, expectsContinue);
    res.once('close', () => {
      // While the rest of its body comes, what is wrong with that is not a new request's error.
      if (!exchange.hasUnreadBody) this.#connections.end(socket);
      this.tell(exchange);
    });
    this.#serve(exchange, read, false);
  }

  #onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    this.#connections.begin(socket);
    socket.on('error', () => undefined); // node:http has taken its own listener away.
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    if (head.length > 0) socket.unshift(head);
    const read = this.#read(req);
    const exchange = this.#exchange(req, res, read, false);
    exchange.door = 'websocket';
    const tell = (): void => {
      this.tell(exchange);
    };
    res.once('close', tell);
    res.once('finish', () => {
      res.off('close', tell);
      res.detachSocket(socket);
      endGently(socket, this.#deps.clock);
      tell();
    });
    this.#serve(exchange, read, true);
  }

  #serve(exchange: Exchange, read: ReadRequestHead, isUpgrade: boolean): void {
    try {
      if (read.kind === 'refused') this.#refuse(exchange, read.reason);
      else this.#admit(exchange, read.head, isUpgrade);
    } catch (error) {
      this.#deps.logger.error('A request failed by a fault of the gateway.', {
        requestId: exchange.requestId,
        error: errorText(error),
      });
      if (exchange.isOpen) this.#deps.answers.fail(exchange, 'internal_error', 'program');
      else exchange.req.socket.destroy();
    }
  }

  #admit(exchange: Exchange, head: RequestHead, isUpgrade: boolean): void {
    for (const header of head.removedHeaders) {
      this.#deps.metrics.increment('kfgw_managed_headers_removed_total', { header });
    }
    const isSound = isUpgrade ? head.hints.isWebSocket : !isOutdated(exchange.req);
    if (isSound) this.#deps.serve(exchange, head, isUpgrade);
    else this.#refuse(exchange, 'malformed_request');
  }

  #refuse(exchange: Exchange, reason: ReasonCode): void {
    this.#deps.metrics.increment('kfgw_requests_refused_total', { reason });
    const client = exchange.head === undefined ? 'program' : readClientKind(exchange.head);
    this.#deps.answers.deny(exchange, { kind: 'refuse', reason }, client);
  }

  #read(req: IncomingMessage): ReadRequestHead {
    const { socket } = req;
    const request = {
      method: req.method ?? '',
      url: req.url ?? '',
      rawHeaders: req.rawHeaders,
      peerAddress: socket.remoteAddress ?? '',
      isEncrypted: socket instanceof TLSSocket,
      hasCheckedValues: true,
    };
    return readRequestHead(request, this.#deps.hygiene, this.#deps.random);
  }

  #exchange(
    req: IncomingMessage,
    res: ServerResponse,
    read: ReadRequestHead,
    expectsContinue: boolean,
  ): Exchange {
    const head = read.kind === 'head' ? read.head : undefined;
    const requestId = read.kind === 'head' ? read.head.id : read.requestId;
    const startedAtMs = this.#deps.clock.monotonicMs();
    return new Exchange({ req, res, requestId, head, expectsContinue, startedAtMs });
  }

  /** node:http refused what came; there is no request, so there can only be a bare answer. */
  #onClientError(error: Error, socket: Duplex): void {
    if (!(socket instanceof Socket) || isClosing(socket)) return;
    const isBusy = this.#connections.isBusy(socket);
    // Bytes behind a request that asked to close (RFC 9112 section 9.6): its answer still comes.
    if (isBusy && errorCode(error) === 'HPE_CLOSED_CONNECTION') return;
    if (isBusy || !socket.writable || errorCode(error) === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const reason = clientErrorReason(error);
    this.#deps.metrics.increment('kfgw_requests_refused_total', { reason });
    socket.write(bareAnswer(reason));
    endGently(socket, this.#deps.clock);
    this.#deps.audit(unreadRequestRecord(reason, socket.remoteAddress));
  }
}

/**
 * llhttp lets HTTP/0.9 pass, and HTTP/1.0 with a transfer coding, which HTTP/1.0 does not have: its
 * next reader could find another end of the body (RFC 9112 section 6.1).
 */
function isOutdated({ httpVersion, headers }: IncomingMessage): boolean {
  if (httpVersion === '1.1') return false;
  return httpVersion !== '1.0' || headers['transfer-encoding'] !== undefined;
}

function errorCode(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}
