// Owns how the provider is asked over HTTP: within a deadline and a size, following no redirect.
// node:http rather than fetch, because fetch takes authorities and the like only from another package.
import { once } from 'node:events';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { CustomFetch } from 'openid-client';
import type { Clock } from '../../kernel/clock.ts';
import { errorText } from '../../kernel/logger.ts';

/** Far above any real discovery document, key set or token answer. */
const MAX_ANSWER_BYTES = 1_048_576;
const TOO_MANY_REQUESTS = 429;
const INTERNAL_SERVER_ERROR = 500;

/** The provider did not answer, not in time, not within bounds, or with a failure of its own (5xx, 429). */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable';
}

export interface FetchBounds {
  /** Milliseconds from the call to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly allowHttp: boolean;
  readonly skipTlsVerify: boolean;
  /** Authorities in PEM besides the public ones; asked anew at each call. */
  readonly caPem: () => string | undefined;
}

/** A fetch for openid-client. Rejects with ProviderUnreachable only. */
export function boundedFetch(bounds: FetchBounds, clock: Clock): CustomFetch {
  const trust = trustIn(bounds.caPem);
  return async (address, { method, headers, body }) => {
    const deadline = new AbortController();
    const cancel = clock.after(bounds.timeoutMs, () => {
      deadline.abort(new Error(`no answer within ${bounds.timeoutMs} ms`));
    });
    try {
      const url = permittedUrl(address, bounds.allowHttp);
      const tls = { rejectUnauthorized: !bounds.skipTlsVerify, secureContext: trust() };
      const { signal } = deadline;
      const options = { method, headers, signal, agent: false, ...tls } as const;
      const request =
        url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
      return await exchange(request, formOf(body), signal);
    } catch (error) {
      const why: unknown = deadline.signal.aborted ? deadline.signal.reason : error;
      throw new ProviderUnreachable(`${address}: ${errorText(why)}`);
    } finally {
      cancel();
    }
  };
}

function permittedUrl(address: string, allowHttp: boolean): URL {
  const url = new URL(address);
  if (url.protocol === 'https:' || (allowHttp && url.protocol === 'http:')) return url;
  throw new TypeError(`${url.protocol} is not permitted`);
}

async function exchange(
  request: ClientRequest,
  form: string | undefined,
  deadline: AbortSignal,
): Promise<Response> {
  // once() and the reading below see errors too; this one keeps a late one from being unhandled.
  request.on('error', () => undefined);
  try {
    request.end(form);
    const [answer] = (await once(request, 'response', { signal: deadline })) as [IncomingMessage];
    const body = await readAll(answer);
    const status = answer.statusCode ?? 0;
    if (status >= INTERNAL_SERVER_ERROR || status === TOO_MANY_REQUESTS) {
      throw new Error(`status ${status}`);
    }
    // Of the headers only the type of the body is of interest to anybody here.
    const headers = { 'content-type': answer.headers['content-type'] ?? '' };
    return new Response(body.length === 0 ? null : body, { status, headers });
  } finally {
    request.destroy();
  }
}

async function readAll(answer: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** openid-client sends forms or nothing. */
function formOf(body: unknown): string | undefined {
  return body instanceof URLSearchParams ? body.toString() : undefined;
}

/** The authorities to trust; undefined means Node's own. Made once per PEM text. */
function trustIn(caPem: () => string | undefined): () => SecureContext | undefined {
  let made: { readonly pem: string; readonly context: SecureContext } | undefined;
  return () => {
    const pem = caPem();
    if (pem === undefined) return undefined;
    if (made?.pem !== pem) {
      const context = createSecureContext({ ca: [...getCACertificates('default'), pem] });
      made = { pem, context };
    }
    return made.context;
  };
}
