// Owns single questions to the API server: one JSON body there, one back.
import type { Clock } from '../../kernel/clock.ts';
import { errorText } from '../../kernel/logger.ts';
import { readFailure, readJson } from './answer-body.ts';
import type { ApiAnswer, ApiRequest, ApiTransport } from './api-transport.ts';

const MAX_ANSWER_BYTES = 4 * 1_048_576;
const TOO_MANY_REQUESTS = 429;
const INTERNAL_SERVER_ERROR = 500;
const JSON_TYPE = 'application/json';

export type ApiOutcome =
  | { readonly kind: 'ok'; readonly body: unknown }
  /** The API server understood and will not (4xx). `problem` is for logs. */
  | { readonly kind: 'refused'; readonly status: number; readonly problem: string }
  /** No answer, not in time, or a failure of the server's own (429, 5xx); undefined without an answer. */
  | {
      readonly kind: 'unavailable';
      readonly status: number | undefined;
      readonly problem: string;
    };

export interface ApiClient {
  /** Reads what is at a path, in one of the types of JSON that `accept` names. Never rejects. */
  getJson(path: string, deadlineMs: number, accept?: string): Promise<ApiOutcome>;
  /** Creates an object; `deadlineMs` is from the call to the last byte. Never rejects. */
  postJson(path: string, body: unknown, deadlineMs: number): Promise<ApiOutcome>;
  /** Changes an object by a merge patch (RFC 7396). Never rejects. */
  mergePatch(path: string, patch: unknown, deadlineMs: number): Promise<ApiOutcome>;
}

export class HttpApiClient implements ApiClient {
  readonly #transport: ApiTransport;
  readonly #clock: Clock;

  constructor(transport: ApiTransport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  getJson(path: string, deadlineMs: number, accept = JSON_TYPE): Promise<ApiOutcome> {
    return this.#ask({ method: 'GET', path, accept }, deadlineMs);
  }

  postJson(path: string, value: unknown, deadlineMs: number): Promise<ApiOutcome> {
    const body = { type: JSON_TYPE, text: JSON.stringify(value) };
    return this.#ask({ method: 'POST', path, accept: JSON_TYPE, body }, deadlineMs);
  }

  mergePatch(path: string, patch: unknown, deadlineMs: number): Promise<ApiOutcome> {
    const body = { type: 'application/merge-patch+json', text: JSON.stringify(patch) };
    return this.#ask({ method: 'PATCH', path, accept: JSON_TYPE, body }, deadlineMs);
  }

  close(): void {
    this.#transport.close();
  }

  async #ask(asked: Omit<ApiRequest, 'endMs'>, deadlineMs: number): Promise<ApiOutcome> {
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    try {
      const answer = await this.#transport.request({ ...asked, endMs });
      return await this.#outcomeOf(answer, endMs);
    } catch (error) {
      return unavailable(errorText(error));
    }
  }

  async #outcomeOf(answer: ApiAnswer, endMs: number): Promise<ApiOutcome> {
    const { status } = answer;
    const withinMs = Math.max(0, endMs - this.#clock.monotonicMs());
    if (status >= 200 && status < 300) {
      const body = await readJson(answer, { maxBytes: MAX_ANSWER_BYTES, withinMs }, this.#clock);
      return body.kind === 'json' ? { kind: 'ok', body: body.value } : unavailable(body.problem);
    }
    const failure = await readFailure(answer, this.#clock, withinMs);
    const problem = 'problem' in failure ? failure.problem : `status ${status}`;
    return status >= INTERNAL_SERVER_ERROR || status === TOO_MANY_REQUESTS
      ? unavailable(problem, status)
      : { kind: 'refused', status, problem };
  }
}

function unavailable(problem: string, status?: number): ApiOutcome {
  return { kind: 'unavailable', status, problem };
}
