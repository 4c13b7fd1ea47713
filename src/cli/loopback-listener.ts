// Owns the listener on this machine to which the browser brings the answer (RFC 8252 section 7.3).
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LOOPBACK_REDIRECT_PATH } from '../identity/oauth/command-line-client.ts';
import { isSameText } from '../kernel/same-text.ts';

const ADDRESSES = [
  { host: '127.0.0.1', inUrl: '127.0.0.1' },
  { host: '::1', inUrl: '[::1]' },
] as const;
const MAX_HEADER_BYTES = 16_384;

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
} as const;

/** What the person reads in the browser; constant texts only. */
export interface Page {
  readonly title: string;
  readonly sentence: string;
}

export interface BrowserAnswer {
  /** The address that the browser was sent to, with everything that stands in it. */
  readonly url: URL;
  /** Resolves when the browser has the page, or has left. */
  show(page: Page): Promise<void>;
}

export interface LoopbackListener extends AsyncDisposable {
  readonly redirectUri: string;
  /** The first request that carries `state`; whatever else asks on this port is told so and changes nothing. */
  readonly answer: Promise<BrowserAnswer>;
}

const notAwaited: Page = {
  title: 'Nothing is awaited here',
  sentence: 'If you were signing in at the command line, start again there.',
};

/** Listens on 127.0.0.1, or on ::1 where that address does not exist, on any free port. */
export async function listenOnLoopback(state: string): Promise<LoopbackListener> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES });
  const origin = await listen(server);
  const { promise: answer, resolve } = Promise.withResolvers<BrowserAnswer>();
  let isAwaited = true;
  server.on('request', (req, res) => {
    const url = isAwaited ? awaitedUrl(req, origin, state) : undefined;
    if (url === undefined) {
      void send(res, 404, notAwaited);
      return;
    }
    isAwaited = false;
    resolve({ url, show: (page) => send(res, 200, page) });
  });
  return {
    redirectUri: origin + LOOPBACK_REDIRECT_PATH,
    answer,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server): Promise<string> {
  let problem: unknown;
  for (const { host, inUrl } of ADDRESSES) {
    try {
      server.listen(0, host);
      await once(server, 'listening');
      const address = server.address();
      if (typeof address === 'object' && address !== null) return `http://${inUrl}:${address.port}`;
    } catch (error) {
      problem = error;
    }
  }
  throw new Error('no loopback address to listen on', { cause: problem });
}

/**
 * Other programs and every page in the browser can ask here too. Another Host means that a name was
 * pointed at this machine; without the state it is not the answer to our question (RFC 9700 section 2.1).
 */
function awaitedUrl(req: IncomingMessage, origin: string, state: string): URL | undefined {
  const url = URL.parse(req.url ?? '', origin);
  const isForUs = req.method === 'GET' && `http://${String(req.headers.host)}` === origin;
  if (!isForUs || url?.origin !== origin || url.pathname !== LOOPBACK_REDIRECT_PATH) {
    return undefined;
  }
  const given = url.searchParams.getAll('state');
  return given.length === 1 && isSameText(String(given[0]), state) ? url : undefined;
}

async function send(res: ServerResponse, status: number, { title, sentence }: Page): Promise<void> {
  const closed = once(res, 'close');
  res
    .writeHead(status, pageHeaders)
    .end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>` +
        `<h1>${title}</h1><p>${sentence}</p></html>\n`,
    );
  await closed;
}
