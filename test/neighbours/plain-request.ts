// Owns one HTTP exchange with the headers that it is given and no others: fetch says of itself that it
// is a program (`Sec-Fetch-Mode: cors`), whatever a test wants to be.
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';

const DEADLINE_MS = 20_000;

export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
  /** The authority of an https server with a certificate of its own. */
  readonly ca?: string;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Asks on a connection of its own and reads the whole answer; follows no redirect. */
export async function plainRequest(
  url: string | URL,
  { method = 'GET', headers = {}, body, ca }: PlainRequest = {},
): Promise<PlainAnswer> {
  const { request } = new URL(url).protocol === 'https:' ? https : http;
  const form =
    body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const options = {
      ...{ method, agent: false, signal: AbortSignal.timeout(DEADLINE_MS) },
      ...{ headers: { ...form, ...headers }, ...(ca === undefined ? {} : { ca }) },
    };
    request(url, options, resolve).on('error', reject).end(body?.toString());
  });
  return {
    status: answer.statusCode ?? 0,
    headers: headersOf(answer),
    body: await text(answer),
  };
}

function headersOf({ rawHeaders }: http.IncomingMessage): Headers {
  const headers = new Headers();
  rawHeaders.forEach((name, at) => {
    if (at % 2 === 0) headers.append(name, rawHeaders[at + 1] ?? '');
  });
  return headers;
}
