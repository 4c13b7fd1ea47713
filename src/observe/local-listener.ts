// Owns the local listener: what an operator inside the pod may ask and change, on a loopback address and for
// programs of that machine only; a web page that a browser there shows must reach none of it.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { logLevels, type JsonLogger, type LogLevel } from './json-logger.ts';

/** An answer in both forms; `value` is for JSON. */
export interface LocalAnswer {
  readonly status: number;
  readonly value: unknown;
  /** Without its last newline. */
  readonly text: string;
}

export interface LocalSources {
  /** The answer to `/explain?user=&group=&method=&url=`; any fields may be missing or repeated. */
  explain(query: URLSearchParams): LocalAnswer;
  readonly logger: Pick<JsonLogger, 'level' | 'setLevel' | 'info'>;
}

export interface LocalListener {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/** Resolves when connections are taken; rejects when the address cannot be had. */
export async function openLocalListener(
  address: { readonly host: string; readonly port: number },
  sources: LocalSources,
): Promise<LocalListener> {
  const server = http.createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, response, sources).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  sources: LocalSources,
): Promise<void> {
  if (!isLocalProgram(request)) {
    send(response, told(403, 'This address is for programs of this machine.'), false);
    return;
  }
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const isJson = wantsJson(request.headers.accept);
  const methods = routes.get(path);
  if (methods === undefined) {
    send(response, told(404, 'There are /explain and /log-level here.'), isJson);
    return;
  }
  const handle = methods.get(request.method ?? '');
  if (handle === undefined) {
    response.setHeader('allow', [...methods.keys()].join(', '));
    send(response, told(405, 'Not with this method.'), isJson);
    return;
  }
  send(response, await handle({ request, query: new URLSearchParams(query), sources }), isJson);
}

/**
 * Browsers put the name that a page used into Host, and the page's origin into Origin or Sec-Fetch-Site (Fetch
 * Metadata): a foreign page reaches nothing, neither directly nor by a name of its own that it lets point here
 * (DNS rebinding). An address that somebody types is no page's.
 */
function isLocalProgram({ headers }: IncomingMessage): boolean {
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'];
  const isTyped = site === undefined || site === 'none';
  return isTyped && origin === undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host);
}

interface Call {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly sources: LocalSources;
}

type Handle = (call: Call) => LocalAnswer | Promise<LocalAnswer>;

const explain: Handle = ({ query, sources }) => sources.explain(query);

const tellLevel: Handle = ({ sources }) => levelAnswer(sources.logger.level());

/** Until the configuration is reloaded, which sets what it says. */
const setLevel: Handle = async ({ request, sources: { logger } }) => {
  const wanted = (await bodyOf(request))?.trim();
  const level = logLevels.find((known) => known === wanted);
  if (level === undefined) return told(400, `Send one of ${logLevels.join(', ')}, and no more.`);
  logger.setLevel(level);
  logger.info('The log level was set by hand.', { level });
  return levelAnswer(level);
};

function levelAnswer(level: LogLevel): LocalAnswer {
  return { status: 200, value: { level }, text: level };
}

const routes: ReadonlyMap<string, ReadonlyMap<string, Handle>> = new Map([
  ['/explain', new Map([['GET', explain]])],
  [
    '/log-level',
    new Map([
      ['GET', tellLevel],
      ['PUT', setLevel],
    ]),
  ],
]);

/** Undefined when there is too much of it. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** JSON, where text is not what the caller wishes to read. */
function wantsJson(accept = ''): boolean {
  return accept.includes('application/json') || !accept.includes('text/');
}

function told(status: number, text: string): LocalAnswer {
  return { status, value: { error: text }, text };
}

function send(response: ServerResponse, { status, value, text }: LocalAnswer, isJson: boolean) {
  const type = isJson ? 'application/json' : 'text/plain; charset=utf-8';
  response
    .writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
    .end(`${isJson ? JSON.stringify(value, undefined, 2) : text}\n`);
}
