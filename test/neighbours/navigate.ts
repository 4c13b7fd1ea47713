// Owns one request as a browser sends it when it navigates. Node's fetch cannot: it always says
// `sec-fetch-mode: cors`, which tells a gateway that a program asks.
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

const DEADLINE_MS = 20_000;

export interface PageAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly setCookies: readonly string[];
  readonly body: string;
}

export interface Navigation {
  readonly cookie: string;
  /** Posted as a form; GET without. */
  readonly form?: Readonly<Record<string, string>>;
}

/** Asks for a page over plain http, follows nothing. */
export async function navigate(url: URL, { cookie, form }: Navigation): Promise<PageAnswer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, {
      method: form === undefined ? 'GET' : 'POST',
      agent: false,
      signal: AbortSignal.timeout(DEADLINE_MS),
      headers: {
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        ...(cookie === '' ? {} : { cookie }),
        ...(form === undefined
          ? {}
          : { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin }),
      },
    });
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.end(form === undefined ? undefined : new URLSearchParams(form).toString());
  });
  return {
    status: answer.statusCode ?? 0,
    location: answer.headers.location,
    setCookies: answer.headers['set-cookie'] ?? [],
    body: await text(answer),
  };
}
