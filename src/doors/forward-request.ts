// Owns forwarding permitted requests to applications with http-proxy-middleware.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createProxyMiddleware, type Plugin, type RequestHandler } from 'http-proxy-middleware';
import type { Upstream } from '../access/upstream-table.ts';
import type { Clock } from '../kernel/clock.ts';
import { errorText, type Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { Answers } from './answer.ts';
import { Forwarding, type Admitted, type ForwardingEvents } from './forwarding.ts';
import type { LiveConnections } from './live-connections.ts';
import { outgoingHeaders } from './outgoing-headers.ts';
import { returnedHeaders, withoutLength, workerScope } from './returned-headers.ts';
import type { ResponseDeadlines } from './response-deadlines.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import { isFinal, UpstreamFailure, upstreamReason } from './upstream-failure.ts';

/** How long a client may go on sending a body whose answer it already has. */
const LATE_UPLOAD_MS = 30_000;

export interface ForwarderDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly hygiene: Hygiene;
  readonly answers: Answers;
  readonly live: LiveConnections;
  readonly deadlines: ResponseDeadlines;
}

/**
 * The middleware's events name the request they are about. It carries what we know of it: a map
 * beside it would keep half of all requests until a full collection (see seats.ts).
 */
const forwardingOf = Symbol('forwarding');
type ForwardedMessage = IncomingMessage & { [forwardingOf]?: Forwarding };

interface Proxies {
  readonly pooled: RequestHandler;
  readonly fresh: RequestHandler;
}

export class Forwarder {
  readonly #deps: ForwarderDeps;
  readonly #proxies = new Map<Upstream, Proxies>();
  readonly #events: ForwardingEvents = {
    overdue: (forwarding) => {
      this.#fail(forwarding, new UpstreamFailure('upstream_timeout'));
    },
    unwantedUpgrade: (forwarding) => {
      this.#fail(forwarding, new UpstreamFailure('upstream_protocol'));
    },
  };

  constructor(connections: ReadonlyMap<Upstream, UpstreamConnection>, deps: ForwarderDeps) {
    this.#deps = deps;
    for (const [upstream, connection] of connections) {
      this.#proxies.set(upstream, this.#createProxies(connection));
    }
  }

  /** Sends a permitted request to its application and the answer back. */
  forward(admitted: Admitted): void {
    const { exchange, permission, upstream, question, body } = admitted;
    const { answers, live, deadlines, hygiene } = this.#deps;
    const forwarding = new Forwarding(admitted, answers, this.#events);
    const { req, res } = exchange;
    // The middleware copies `req.headers` as they are: this list, and nothing else, goes out.
    const headers = outgoingHeaders(question, permission, upstream, hygiene);
    req.headers = body === undefined ? headers : framedByLength(headers, body);
    (req as ForwardedMessage)[forwardingOf] = forwarding;
    deadlines.watch(forwarding);
    if (permission.kind === 'permit') live.add(forwarding);
    res.once('close', () => {
      this.#finish(forwarding);
    });
    if (exchange.expectsContinue && body === undefined) res.writeContinue();
    this.#send(forwarding, 'pooled');
  }

  #send(forwarding: Forwarding, way: keyof Proxies): void {
    const proxy = this.#proxies.get(forwarding.upstream)?.[way];
    if (proxy === undefined) throw new Error('an upstream without a connection');
    const { req, res } = forwarding.exchange;
    // `next` is called when the middleware did not proxy: it could not parse what we had judged.
    const fault = (error: unknown): void => {
      this.#fault(forwarding, error);
    };
    proxy(req, res, fault).catch(fault);
  }

  #createProxies(connection: UpstreamConnection): Proxies {
    const { protocol, hostname, port, verifiesCertificate, pooled, fresh } = connection;
    const options = {
      target: { protocol, hostname, port },
      secure: verifiesCertificate,
      // The answer's headers are ours to write; the middleware still moves bodies and aborts.
      selfHandleResponse: true,
      // The default plugins log URLs and print to the console; without them `on` does nothing.
      ejectPlugins: true,
      plugins: [this.#plugin()],
    };
    return {
      pooled: createProxyMiddleware({ ...options, agent: pooled }),
      fresh: createProxyMiddleware({ ...options, agent: fresh }),
    };
  }

  #plugin(): Plugin {
    return (proxy) => {
      proxy.on('proxyReq', (request, req, _res, options) => {
        const forwarding = (req as ForwardedMessage)[forwardingOf];
        // The options are this request's own; the middleware pipes `buffer` instead of `req`, next.
        if (forwarding?.body !== undefined) options.buffer = Readable.from([forwarding.body]);
        forwarding?.started(request);
      });
      proxy.on('proxyRes', (response: IncomingMessage, req: IncomingMessage) => {
        this.#withForwarding(req, (forwarding) => {
          this.#answer(forwarding, response);
        });
      });
      proxy.on('error', (error: Error, req?: IncomingMessage) => {
        if (req === undefined) return;
        this.#withForwarding(req, (forwarding) => {
          this.#fail(forwarding, error);
        });
      });
      // The client has gone; the middleware has ended the request upstream.
      proxy.on('econnreset', () => undefined);
    };
  }

  /** Events come from sockets: whatever is thrown there would end the process. */
  #withForwarding(req: IncomingMessage, run: (forwarding: Forwarding) => void): void {
    const forwarding = (req as ForwardedMessage)[forwardingOf];
    if (forwarding === undefined) return;
    try {
      run(forwarding);
    } catch (error) {
      this.#fault(forwarding, error);
    }
  }

  #answer(forwarding: Forwarding, response: IncomingMessage): void {
    const { exchange, upstream, question } = forwarding;
    this.#deps.deadlines.forget(forwarding);
    if (forwarding.isSettled) return;
    if (!forwarding.wasSent) {
      this.#fail(forwarding, new UpstreamFailure('upstream_protocol'));
      return;
    }
    this.#observe(forwarding);
    response.once('error', () => {
      this.#fail(forwarding, new UpstreamFailure('upstream_protocol'));
    });
    const scope = workerScope(question.head.target.segments, upstream.segments);
    if (!this.#writeHead(exchange.res, response, scope)) {
      this.#fail(forwarding, new UpstreamFailure('upstream_protocol'));
      return;
    }
    forwarding.response = response;
    response.pipe(exchange.res);
    // An event stream's headers must not wait for its first event; where the body has come with
    // them, both leave in one write.
    process.nextTick(() => {
      if (!response.readableDidRead && !response.complete) exchange.res.flushHeaders();
    });
  }

  /** False when the head cannot be passed on: a status or a header that HTTP does not allow. */
  #writeHead(res: ServerResponse, response: IncomingMessage, scope: string): boolean {
    if (!isFinal(response)) return false;
    const status = response.statusCode ?? 0;
    const returned = returnedHeaders(response.rawHeaders, scope);
    const headers = status === 204 ? withoutLength(returned) : returned;
    if (this.#deps.answers.isDraining) headers.push('Connection', 'close');
    try {
      res.writeHead(status, response.statusMessage, headers);
      return true;
    } catch {
      res.statusMessage = '';
      return false;
    }
  }

  #observe(forwarding: Forwarding): void {
    const seconds = (this.#deps.clock.monotonicMs() - forwarding.exchange.startedAtMs) / 1_000;
    this.#deps.metrics.observe('kfgw_upstream_request_seconds', {}, seconds);
  }

  #fail(forwarding: Forwarding, error: unknown): void {
    const { exchange } = forwarding;
    // Bytes behind a complete answer cost the application its connection, not the client the answer.
    if (forwarding.isSettled || forwarding.response?.complete === true) return;
    if (exchange.isGone) {
      forwarding.abandon();
      return;
    }
    if (forwarding.takeRetry(error)) {
      this.#send(forwarding, 'fresh');
      return;
    }
    const reason = upstreamReason(error);
    this.#deps.metrics.increment('kfgw_upstream_errors_total', { reason });
    this.#deps.logger.debug('An application could not answer.', {
      upstream: forwarding.upstream.id,
      reason,
      requestId: exchange.requestId,
      error: errorText(error),
    });
    this.#giveUp(forwarding, reason);
  }

  #fault(forwarding: Forwarding, error: unknown): void {
    if (forwarding.isSettled) return;
    this.#deps.logger.error('Forwarding failed by a fault of the gateway.', {
      requestId: forwarding.exchange.requestId,
      error: errorText(error),
    });
    this.#giveUp(forwarding, 'internal_error');
  }

  #giveUp(
    forwarding: Forwarding,
    reason: ReturnType<typeof upstreamReason> | 'internal_error',
  ): void {
    const { exchange, question } = forwarding;
    this.#deps.deadlines.forget(forwarding);
    if (exchange.isOpen) {
      this.#deps.answers.fail(exchange, reason, question.client);
    } else {
      exchange.conclude('failed', reason);
      forwarding.cutOff();
    }
    forwarding.abandon();
  }

  #finish(forwarding: Forwarding): void {
    const { exchange } = forwarding;
    forwarding.isSettled = true;
    this.#deps.deadlines.forget(forwarding);
    this.#deps.live.remove(forwarding);
    const { socket } = exchange.req;
    if (!exchange.hasUnreadBody || socket.destroyed) return;
    const cancel = this.#deps.clock.after(LATE_UPLOAD_MS, () => {
      if (exchange.hasUnreadBody) socket.destroy();
    });
    socket.once('close', cancel);
  }
}

/** A body that was read is sent in one piece, however it came (RFC 9112 section 6.2). */
function framedByLength(headers: IncomingHttpHeaders, body: Buffer): IncomingHttpHeaders {
  delete headers['transfer-encoding'];
  headers['content-length'] = String(body.length);
  return headers;
}
