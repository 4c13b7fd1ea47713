// Owns the demo's "Kubeflow": small applications that show what reaches an application.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express, type Request, type Response } from 'express';
import { WebSocketServer } from 'ws';
import { compilePage } from './page.ts';

const EVENT_EVERY_MS = 1000;
const SOCKET_PATH = '/demo/socket';

type Pair = readonly [name: string, value: string];

export function createApplications(): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.get('/', showHome);
  app.all('/demo/echo', echo);
  app.get('/demo/events', streamEvents);
  app.use((_req, res) => {
    res.status(404).type('text/plain').send('The demo has no application here.\n');
  });
  return app;
}

/** Answers upgrades: a WebSocket that sends back what it is sent, up to 1 MiB a message. */
export function createSocketEcho(): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
    // A client that goes away in the middle of a frame is no fault of the demo.
    socket.on('error', () => undefined);
  });
  return (req, socket, head) => {
    if (req.url?.split('?', 1)[0] !== SOCKET_PATH) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(req, socket, head, (accepted) => sockets.emit('connection', accepted));
  };
}

function showHome(req: Request, res: Response): void {
  const user = req.get('kubeflow-userid') ?? 'nobody';
  const groups = req.get('kubeflow-groups') ?? 'none';
  const headers = pairsOf(req.rawHeaders);
  res.set('Cache-Control', 'no-store');
  res.send(homePage({ title: 'Kubeflow demo', user, groups, headers }));
}

const homePage = compilePage<{
  title: string;
  user: string;
  groups: string;
  headers: readonly Pair[];
}>(`
<p>You are <strong id="user"><%= it.user %></strong>, groups: <strong id="groups"><%= it.groups %></strong>.</p>
<p><a href="/oauth2/sign_out">Sign out</a></p>
<h2>What the application received</h2>
<table>
<thead><tr><th scope="col">Header</th><th scope="col">Value</th></tr></thead>
<tbody>
<% for (const [name, value] of it.headers) { %>
<tr><th scope="row"><%= name %></th><td><%= value %></td></tr>
<% } %>
</tbody>
</table>
<h2>For programs</h2>
<ul>
<li><a href="/demo/echo?a=b">/demo/echo</a>: any method; what was received, as JSON</li>
<li><code>/demo/socket</code>: a WebSocket that echoes</li>
<li><a href="/demo/events">/demo/events</a>: server-sent events, one a second</li>
<li><a href="/oauth2/userinfo">/oauth2/userinfo</a>, <a href="/.well-known/jwks.json">/.well-known/jwks.json</a>: the gateway's own</li>
</ul>`);

/** Reads the body to its end without keeping it, whatever its size. */
async function echo(req: Request, res: Response): Promise<void> {
  let bodyLength = 0;
  for await (const chunk of req) bodyLength += Buffer.byteLength(chunk as Buffer);
  const { method, url } = req;
  res.set('Cache-Control', 'no-store');
  res.json({ method, url, headers: pairsOf(req.rawHeaders), bodyLength });
}

function streamEvents(_req: Request, res: Response): void {
  res.set('Cache-Control', 'no-store').setHeader('Content-Type', 'text/event-stream');
  let count = 0;
  const send = (): void => {
    count += 1;
    res.write(`id: ${count}\ndata: ${JSON.stringify({ count })}\n\n`);
  };
  send();
  const timer = setInterval(send, EVENT_EVERY_MS);
  res.on('close', () => {
    clearInterval(timer);
  });
}

function pairsOf(rawHeaders: readonly string[]): Pair[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  );
}
