// Owns the demo's "Kubeflow": small applications that show what reaches an application.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express, type Request, type Response } from 'express';
import { WebSocketServer } from 'ws';
import { homePage, type Pair } from './home-page.ts';
import { kernelSocketPath, notebookPage } from './notebook-page.ts';

const EVENT_EVERY_MS = 1000;
const SOCKET_PATH = '/demo/socket';

/** Of config/demo-policy/, and one that is not there: nobody can tell it from one they may not see. */
const namespaces = ['team-a', 'shared', 'team-z'];

export function createApplications(): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.get('/', showHome);
  app.get('/notebook/:namespace/:name/', showNotebook);
  app.all('/jupyter/api/{*path}', echo);
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
    const [path = ''] = (req.url ?? '').split('?', 1);
    if (path !== SOCKET_PATH && !kernelSocketPath.test(path)) {
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
  res.send(homePage({ title: 'Kubeflow demo', user, groups, headers, namespaces }));
}

/** Stands for the notebook servers, which the gateway has found to be the caller's to use. */
function showNotebook(req: Request<{ namespace: string; name: string }>, res: Response): void {
  const { namespace, name } = req.params;
  const user = req.get('kubeflow-userid') ?? 'nobody';
  res.set('Cache-Control', 'no-store');
  res.send(notebookPage({ title: `Notebook ${name}`, namespace, user }));
}

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
