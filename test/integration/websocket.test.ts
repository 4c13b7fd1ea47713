// WebSockets through the inline door: decided before 101, and again for as long as they live.
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { Cleanups } from '../fixtures/cleanups.ts';
import {
  SESSION,
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../fixtures/listener-bed.ts';
import { startNodeUpstream } from '../fixtures/node-upstream.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

interface SocketBed extends ListenerBed {
  readonly upgrades: IncomingMessage[];
}

async function startEcho(): Promise<SocketBed> {
  const upgrades: IncomingMessage[] = [];
  const upstream = await startNodeUpstream((_req, res) => res.end('not a socket'));
  const sockets = new WebSocketServer({ server: upstream.server });
  sockets.on('connection', (socket, req) => {
    upgrades.push(req);
    socket.on('message', (data, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
  });
  cleanups.add(() => upstream.close());
  const bed = await startListener([upstreamOf(upstream.port)]);
  cleanups.add(() => bed.close());
  return { ...bed, upgrades };
}

function open(bed: ListenerBed, headers: Record<string, string> = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${bed.port}/notebook/ns/name/api/kernels/1`, {
    headers: { Cookie: SESSION_COOKIE, Origin: `http://127.0.0.1:${bed.port}`, ...headers },
  });
  cleanups.add(() => {
    socket.terminate();
  });
  return socket;
}

describe('a WebSocket through the inline door', () => {
  it('closes when nobody can say any longer whether its session lives', async () => {
    const bed = await startEcho();
    const socket = open(bed);
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve([code, String(reason)])),
    );
    const reason = 'session_store_unavailable';
    bed.sessions.set(SESSION, { kind: 'unavailable', reason, retryAfterSec: 5 });
    expect(await closed).toEqual([1013, reason]);
  });

  it('carries messages both ways with the identity of its session', async () => {
    const bed = await startEcho();
    const socket = open(bed, { 'kubeflow-userid': 'somebody@else' });
    await new Promise((resolve) => socket.once('open', resolve));
    const answer = new Promise((resolve) =>
      socket.once('message', (data) => resolve(Buffer.isBuffer(data) ? data.toString() : '')),
    );
    socket.send('hello');
    expect(await answer).toBe('hello');
    expect(bed.upgrades[0]?.headers['kubeflow-userid']).toBe('user@example.com');
    const closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve([code, String(reason)])),
    );
    bed.sessions.end(SESSION);
    expect(await closed).toEqual([4401, 'session_ended']);
  });
});
