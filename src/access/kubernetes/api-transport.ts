// Owns one conversation with the API server over HTTP/1.1: a connection that is kept, deadlines
// until the answer begins, and a second try with fresh credentials after 401.
import { Agent as HttpAgent, request as requestHttp, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Cancel, Clock } from '../../kernel/clock.ts';
import { errorText } from '../../kernel/logger.ts';
import type { ApiCredentials } from './api-credentials.ts';

const CONNECT_WITHIN_MS = 10 * SECOND_MS;
const HEADERS_WITHIN_MS = 30 * SECOND_MS;
const UNAUTHORIZED = 401;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Path and query, below whatever path the server itself has. */
  readonly path: string;
  readonly accept: string;
  readonly body?: { readonly type: string; readonly text: string };
  /** Monotonic time after which the beginning of an answer is no longer waited for. */
  readonly endMs?: number;
}

export interface ApiAnswer {
  readonly status: number;
  /** Milliseconds that the server asks to wait for. */
  readonly retryAfterMs: number | undefined;
  /** Throws where the connection ends before the answer does. */
  readonly body: AsyncIterable<Buffer>;
  /** Ends the connection, unless the whole body has been read. To be called in any case. */
  close(): void;
}

/** The server could not be reached, or not in time. */
class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable';
}

export interface ApiTransport {
  /** Resolves when the headers are there. Rejects with ApiUnreachable only. */
  request(request: ApiRequest): Promise<ApiAnswer>;
  close(): void;
}

/** One at a time, requests share one connection; at once, each has its own, `mostConnections` at most. */
export class NodeApiTransport implements ApiTransport {
  readonly #credentials: ApiCredentials;
  readonly #clock: Clock;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(credentials: ApiCredentials, clock: Clock, mostConnections = Infinity) {
    this.#credentials = credentials;
    this.#clock = clock;
    const kept = { keepAlive: true, maxSockets: mostConnections };
    // A resumed TLS session would not be held against an authority that was replaced meanwhile.
    this.#agent = isHttps(credentials)
      ? new HttpsAgent({ ...kept, maxCachedSessions: 0 })
      : new HttpAgent(kept);
  }

  async request(request: ApiRequest): Promise<ApiAnswer> {
    const answer = await this.#attempt(request);
    if (answer.status !== UNAUTHORIZED) return answer;
    answer.close();
    this.#credentials.forget();
    return this.#attempt(request);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #attempt(request: ApiRequest): Promise<ApiAnswer> {
    try {
      const leftMs = (request.endMs ?? Infinity) - this.#clock.monotonicMs();
      const withinMs = Math.max(0, Math.min(HEADERS_WITHIN_MS, leftMs));
      return await this.#answerTo(this.#send(request), withinMs);
    } catch (error) {
      // A certificate or authority may have been replaced.
      this.#credentials.forget();
      throw new ApiUnreachable(errorText(firstOf(error)));
    }
  }

  #send({ method, path, accept, body }: ApiRequest): ClientRequest {
    const { server } = this.#credentials;
    const token = this.#credentials.token();
    const options = {
      method,
      agent: this.#agent,
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      path: `${server.pathname.replace(/\/$/, '')}${path}`,
      headers: {
        accept,
        'user-agent': 'kubeflow-auth-gateway',
        ...(token !== undefined && { authorization: `Bearer ${token.reveal()}` }),
        ...(body !== undefined && { 'content-type': body.type }),
      },
    };
    const sent = isHttps(this.#credentials)
      ? requestHttps({ ...options, ...this.#tls() })
      : requestHttp(options);
    return sent.end(body?.text);
  }

  #tls() {
    const { serverName } = this.#credentials;
    // Said here, because left out it is what NODE_TLS_REJECT_UNAUTHORIZED says.
    const checked = { secureContext: this.#credentials.secureContext(), rejectUnauthorized: true };
    return serverName === undefined ? checked : { ...checked, servername: serverName };
  }

  #answerTo(sent: ClientRequest, withinMs: number): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const cancels = [this.#deadline(sent, withinMs, 'no answer'), this.#connectDeadline(sent)];
      const settle = (): void => {
        for (const cancel of cancels) cancel();
      };
      sent.once('close', settle);
      // Stays: an error after the answer has begun is seen by whoever reads the body.
      sent.on('error', (error) => {
        settle();
        reject(error);
      });
      sent.once('response', (response) => {
        settle();
        resolve({
          status: response.statusCode ?? 0,
          retryAfterMs: secondsIn(response.headers['retry-after']),
          body: response,
          close: () => {
            response.destroy();
          },
        });
      });
    });
  }

  #connectDeadline(sent: ClientRequest): Cancel {
    const cancel = this.#deadline(sent, CONNECT_WITHIN_MS, 'no connection');
    sent.once('socket', (socket) => {
      if (!socket.connecting) cancel();
      else socket.once(isHttps(this.#credentials) ? 'secureConnect' : 'connect', cancel);
    });
    return cancel;
  }

  #deadline(sent: ClientRequest, ms: number, what: string): Cancel {
    return this.#clock.after(ms, () => {
      sent.destroy(new Error(`${what} within ${ms} ms`));
    });
  }
}

/** A name with several addresses fails with one error for each, and no text of its own. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error;
}

function isHttps({ server }: ApiCredentials): boolean {
  return server.protocol === 'https:';
}

/** The API server writes seconds only, never a date. */
function secondsIn(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * SECOND_MS : undefined;
}
