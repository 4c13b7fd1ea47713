// Owns the demo's "Kubeflow": small applications that show what reaches an application.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express, type Request, type Response } from 'express';
import { WebSocketServer } from 'ws';
import { homePage, type Pair } from './home-page.ts';
import { notebookPage } from './notebook-page.ts';

const EVENT_EVERY_MS = 1000;

/** Of config/demo-policy/, and one that is not there: nobody can tell it from one they may not see. */
const namespaces = ['team-a', 'shared', 'team-z'];

export function createApplications(): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.get('/', showHome);
  app.get('/notebook/:namespace/:name/', showNotebook);
  app.get('/demo/events', streamEvents);
  // Every other path, /demo/echo among them, stands for the application that Kubeflow has there.
  app.use(echo);
  return app;
}

/** Answers upgrades at any path: a WebSocket that sends back what it is sent, up to 1 MiB a message. */
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
  const { method, originalUrl: url } = req;
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
