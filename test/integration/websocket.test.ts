// WebSockets through the inline door: decided before 101, and again for as long as they live.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { UpstreamOptions } from '../../src/access/upstream-table.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import {
  SESSION,
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../fixtures/listener-bed.ts';
import { startNodeUpstream } from '../fixtures/node-upstream.ts';
import { exchangeRaw, RawConnection } from '../fixtures/raw-connection.ts';
import { startRawUpstream, type RawUpstream } from '../fixtures/tcp-server.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

interface EchoBed extends ListenerBed {
  /** The handshakes that the application accepted. */
  readonly handshakes: IncomingMessage[];
  readonly application: WebSocketServer;
}

async function startEcho(options: Partial<UpstreamOptions> = {}): Promise<EchoBed> {
  const handshakes: IncomingMessage[] = [];
  const upstream = await startNodeUpstream((_req, res) => res.end('not a socket'));
  const application = new WebSocketServer({ server: upstream.server, perMessageDeflate: true });
  application.on('connection', (socket, req) => {
    handshakes.push(req);
    socket.on('message', (data, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
  });
  cleanups.add(() => upstream.close());
  const bed = await startListener([upstreamOf(upstream.port, options)]);
  cleanups.add(() => bed.close());
  return { ...bed, handshakes, application };
}

const PATH = '/notebook/ns/name/api/kernels/1/channels?session_id=2';

async function open(
  bed: ListenerBed,
  headers: Record<string, string> = {},
  protocols: string[] = [],
): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${bed.port}${PATH}`, protocols, {
    headers: { Cookie: SESSION_COOKIE, Origin: `http://127.0.0.1:${bed.port}`, ...headers },
  });
  cleanups.add(() => {
    socket.terminate();
  });
  await once(socket, 'open');
  return socket;
}

/** Code and reason as a browser's CloseEvent would show them, and after how many milliseconds. */
async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string; ms: number }> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    socket.once('close', (code, reason) => {
      resolve({ code, reason: reason.toString(), ms: performance.now() - startedAt });
    });
  });
}

async function messageOf(socket: WebSocket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('message', (data) => {
      if (Buffer.isBuffer(data)) resolve(data);
      else reject(new Error('not one buffer'));
    });
  });
}

function handshake(headers: string, cookie = `Cookie: ${SESSION_COOKIE}\r\n`): string {
  return (
    `GET ${PATH} HTTP/1.1\r\nHost: gateway\r\n${cookie}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`
  );
}

const OWN_ORIGIN = 'Origin: http://gateway\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

interface RawBed extends ListenerBed {
  readonly upstream: RawUpstream;
}

/** An application that takes every upgrade, then does with the socket what it likes. */
async function startSwitching(onOpen: (socket: Socket) => void): Promise<RawBed> {
  return startRaw((socket) => {
    socket.once('data', () => {
      socket.write(SWITCH);
      onOpen(socket);
    });
  });
}

async function startRaw(
  onConnection: (socket: Socket) => void,
  options: Partial<UpstreamOptions> = {},
): Promise<RawBed> {
  const upstream = await startRawUpstream(onConnection);
  cleanups.add(() => upstream.close());
  const bed = await startListener([upstreamOf(upstream.port, options)]);
  cleanups.add(() => bed.close());
  return { ...bed, upstream };
}

/** A client that sees bytes, not frames, with the WebSocket open. */
async function openRaw(bed: ListenerBed): Promise<RawConnection> {
  const client = new RawConnection(bed.port);
  cleanups.add(() => {
    client.destroy();
  });
  client.send(handshake(OWN_ORIGIN));
  await client.until('Switching Protocols');
  await client.until('\r\n\r\n');
  return client;
}

describe('a WebSocket through the inline door', () => {
  it('carries messages of any size both ways', async () => {
    const bed = await startEcho();
    const socket = await open(bed);
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
      const sent = Buffer.alloc(size, 'abcdefg');
      const echoed = messageOf(socket);
      socket.send(sent);
      expect((await echoed).equals(sent)).toBe(true);
    }
  });

  it('reaches the application with the identity of its session, and otherwise as it was sent', async () => {
    const bed = await startEcho({ sendAssertion: true });
    const socket = await open(
      bed,
      {
        Cookie: `_xsrf=app; ${SESSION_COOKIE}`,
        'kubeflow-userid': 'admin@example.com',
        'x-kfgw-assertion': 'forged',
        'X-XSRFToken': 'app',
      },
      ['v1.kernel.websocket.jupyter.org', 'other'],
    );
    const [request] = bed.handshakes;
    expect(request?.url).toBe(PATH);
    expect(request?.headers).toMatchObject({
      'kubeflow-userid': 'user@example.com',
      'kubeflow-groups': 'team-a,team-b',
      'x-kfgw-assertion': 'assertion-of-user@example.com',
      cookie: '_xsrf=app',
      'x-xsrftoken': 'app',
      host: `127.0.0.1:${bed.port}`,
      origin: `http://127.0.0.1:${bed.port}`,
      'sec-websocket-protocol': 'v1.kernel.websocket.jupyter.org,other',
      'sec-websocket-extensions': expect.stringContaining('permessage-deflate') as string,
      'x-forwarded-for': '127.0.0.1',
    });
    expect(socket.protocol).toBe('v1.kernel.websocket.jupyter.org');
    expect(socket.extensions).toContain('permessage-deflate');
  });

  it('is audited when it opens', async () => {
    const bed = await startEcho();
    await open(bed);
    expect(bed.audits).toMatchObject([
      { door: 'websocket', outcome: 'permit', status: 101, userId: 'user@example.com' },
    ]);
  });

  it('delivers what the application sends together with its 101', async () => {
    const bed = await startRaw((socket) => {
      socket.once('data', () => socket.write(`${SWITCH}\x81\x02hi`, 'latin1'));
    });
    const client = await openRaw(bed);
    expect(await client.until('\x81\x02hi')).toContain('\r\n\r\n\x81\x02hi');
  });

  it('does not pass on what an application may not set', async () => {
    const bed = await startRaw((socket) => {
      socket.once('data', () => {
        socket.write(
          SWITCH.replace(
            '\r\n\r\n',
            '\r\nSet-Cookie: kfgw=stolen\r\nSet-Cookie: app=1\r\nContent-Length: 5\r\nSec-WebSocket-Accept: x\r\n\r\n',
          ),
        );
      });
    });
    const head = (await openRaw(bed)).received;
    expect(head).not.toContain('stolen');
    expect(head).not.toContain('Content-Length');
    expect(head).toContain('Set-Cookie: app=1\r\n');
    expect(head).toContain('Sec-WebSocket-Accept: x\r\n');
  });
});

describe('an upgrade that is not permitted', () => {
  it.each([
    ['without a session', handshake(OWN_ORIGIN, ''), 401, 'sign_in_required'],
    [
      'with a session that has ended',
      handshake(OWN_ORIGIN, 'Cookie: kfgw=other\r\n'),
      401,
      'sign_in_required',
    ],
    [
      'with a bearer token',
      handshake(`${OWN_ORIGIN}Authorization: Bearer x\r\n`),
      401,
      'invalid_token',
    ],
    ['from another origin', handshake('Origin: http://evil.example\r\n'), 403, 'cross_site'],
    ['from a sibling origin', handshake('Origin: http://models.gateway\r\n'), 403, 'cross_site'],
    ['from another port', handshake('Origin: http://gateway:8081\r\n'), 403, 'cross_site'],
    ['from an opaque origin', handshake('Origin: null\r\n'), 403, 'cross_site'],
    ['without an origin', handshake(''), 403, 'cross_site'],
    [
      'to a page of the gateway',
      handshake(OWN_ORIGIN).replace(PATH, '/oauth2/start'),
      404,
      'not_found',
    ],
  ])(
    '%s is answered before 101, and the application sees nothing',
    async (_how, bytes, status, code) => {
      const bed = await startRaw(() => undefined);
      const answer = await exchangeRaw(bed.port, bytes);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toContain(`"code":"${code}"`);
      expect(answer).toContain('Connection: close');
      expect(bed.upstream.sockets.size).toBe(0);
      expect(bed.audits).toMatchObject([{ door: 'websocket', status, reason: code }]);
    },
  );

  it('waits for a session that must be fetched first', async () => {
    const bed = await startEcho();
    let fetched = (): void => undefined;
    bed.sessions.store = new Promise((resolve) => {
      fetched = resolve;
    });
    const opening = open(bed);
    await pollUntil('the session is asked for', () => bed.sessions.questions > 0);
    expect(bed.handshakes).toHaveLength(0);
    fetched();
    await opening;
    expect(bed.handshakes).toHaveLength(1);
  });

  it('is not asked about where the route is public', async () => {
    const bed = await startRaw((socket) => void socket.once('data', () => socket.write(SWITCH)), {
      access: 'public',
    });
    const client = new RawConnection(bed.port);
    cleanups.add(() => {
      client.destroy();
    });
    client.send(handshake('Origin: http://elsewhere.example\r\n', ''));
    expect(await client.until('\r\n\r\n')).toContain('101 Switching Protocols');
  });
});

describe('an application that does not take the upgrade', () => {
  it.each([
    [
      'refuses',
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-App: 1\r\n\r\nno',
      /^HTTP\/1\.1 403 Forbidden\r\n(?=[^]*X-App: 1\r\n)[^]*\r\n\r\nno$/,
    ],
    [
      'answers in chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n2\r\nno\r\n0\r\n\r\n$/,
    ],
    [
      'redirects',
      'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n',
      /^HTTP\/1\.1 302 Found\r\n[^]*Location: \/login/,
    ],
    [
      'switches to something else',
      SWITCH.replace('websocket', 'h2c'),
      /^HTTP\/1\.1 502 [^]*upstream_protocol/,
    ],
    ['switches to nothing', 'HTTP/1.1 101 Sure\r\n\r\n', /^HTTP\/1\.1 502 [^]*upstream_protocol/],
    ['speaks something else', 'SSH-2.0-OpenSSH_9.6\r\n', /^HTTP\/1\.1 502 [^]*upstream_protocol/],
    ['ends', '', /^HTTP\/1\.1 502 [^]*upstream_unreachable/],
  ])('%s: its client gets a plain answer', async (_what, bytes, expected) => {
    const bed = await startRaw((socket) => {
      socket.once('data', () => socket.end(bytes));
    });
    expect(await exchangeRaw(bed.port, handshake(OWN_ORIGIN))).toMatch(expected);
    await pollUntil('both sides have ended', () => bed.upstream.sockets.size === 0);
  });

  it('lets its time pass: 504', async () => {
    const bed = await startRaw(() => undefined, { responseTimeoutMs: 1_000 });
    const answer = await exchangeRaw(bed.port, handshake(OWN_ORIGIN));
    expect(answer).toMatch(/^HTTP\/1\.1 504 [^]*upstream_timeout/);
    await pollUntil('both sides have ended', () => bed.upstream.sockets.size === 0);
  });

  it('breaks off its refusal: it does not look complete', async () => {
    const bed = await startRaw((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n');
        setTimeout(() => socket.destroy(), 30);
      });
    });
    expect(await exchangeRaw(bed.port, handshake(OWN_ORIGIN))).not.toContain('0\r\n\r\n');
  });

  it('is left alone by a client that leaves before the answer', async () => {
    const bed = await startRaw(() => undefined);
    for (const leave of [
      (socket: Socket) => socket.end(),
      (socket: Socket) => socket.resetAndDestroy(),
    ]) {
      const client = new RawConnection(bed.port);
      client.send(handshake(OWN_ORIGIN));
      await pollUntil('the handshake is under way', () => bed.upstream.sockets.size === 1);
      leave(client.socket);
      await pollUntil('the handshake is given up', () => bed.upstream.sockets.size === 0);
      client.destroy();
    }
  });
});

describe('an open WebSocket', () => {
  it('closes with 4401 within a second of the end of its session', async () => {
    const bed = await startEcho();
    const closings = [await open(bed), await open(bed)].map(closeOf);
    bed.sessions.end(SESSION, 'signed_out');
    for (const closing of closings) {
      const { code, reason, ms } = await closing;
      expect([code, reason]).toEqual([4401, 'signed_out']);
      expect(ms).toBeLessThan(1_000);
    }
    await pollUntil('the application sees the end', () => bed.application.clients.size === 0);
    expect(bed.audits.at(-1)).toMatchObject({ outcome: 'withdrawn', reason: 'signed_out' });
  });

  it('closes by the clock alone: expiry sends no message', async () => {
    const bed = await startEcho();
    const socket = await open(bed);
    bed.sessions.expireSilently(SESSION);
    const { code, reason } = await closeOf(socket);
    expect([code, reason]).toEqual([4401, 'session_expired']);
  });

  it('closes when nobody can say any longer whether its session lives', async () => {
    const bed = await startEcho();
    const socket = await open(bed);
    const reason = 'session_store_unavailable';
    bed.sessions.set(SESSION, { kind: 'unavailable', reason, retryAfterSec: 5 });
    expect(await closeOf(socket)).toMatchObject({ code: 1013, reason });
  });

  it('goes on when another session ends, and when its own only changed', async () => {
    const bed = await startEcho();
    bed.sessions.begin('session-of-other', 'other@example.com');
    const [mine, others] = [await open(bed), await open(bed, { Cookie: 'kfgw=session-of-other' })];
    bed.sessions.begin(SESSION, 'user@example.com', 'team-c');
    bed.sessions.end('session-of-other');
    await closeOf(others);
    const echoed = messageOf(mine);
    mine.send('still here');
    expect((await echoed).toString()).toBe('still here');
  });

  it('closes with 1012 when the gateway stops', async () => {
    const bed = await startEcho();
    const closing = closeOf(await open(bed));
    await bed.listener.close(5_000);
    expect(await closing).toMatchObject({ code: 1012, reason: 'shutting_down' });
  });

  it('counts messages as use of its session, but not the pongs of a browser', async () => {
    const bed = await startEcho();
    const socket = await open(bed);
    const [peer] = bed.application.clients;
    const ponged = new Promise((resolve) => peer?.once('pong', resolve));
    peer?.ping();
    await ponged;
    expect(bed.sessions.markedUsed).toBe(0);
    const echoed = messageOf(socket);
    socket.send('a person typed this');
    await echoed;
    expect(bed.sessions.markedUsed).toBe(1);
  });

  it('passes on the close of either side', async () => {
    const bed = await startEcho();
    const [first, second] = [await open(bed), await open(bed)];
    const [peer] = bed.application.clients;
    const closing = closeOf(first);
    peer?.close(4001, 'from the application');
    expect(await closing).toMatchObject({ code: 4001, reason: 'from the application' });
    const last = [...bed.application.clients].at(-1);
    const seen = new Promise((resolve) => last?.once('close', (code) => resolve(code)));
    second.close(4002);
    expect(await seen).toBe(4002);
    await pollUntil('all has ended', () => bed.application.clients.size === 0);
  });

  it('does not look ended when the application broke off', async () => {
    const bed = await startSwitching((socket) => {
      setTimeout(() => socket.resetAndDestroy(), 30);
    });
    const client = await openRaw(bed);
    const closed = once(client.socket, 'close');
    await closed;
    expect(client.received.split('\r\n\r\n')[1]).toBe('');
  });
});

describe("the gateway's own close", () => {
  const CLOSE = '\x88\x0f\x11\x31session_ended';

  it('waits for the end of a frame that is under way', async () => {
    let finish = (): void => undefined;
    const bed = await startSwitching((socket) => {
      socket.write('\x82\x0ahalf-', 'latin1');
      finish = () => socket.write('whole\x81\x05never', 'latin1');
    });
    const client = await openRaw(bed);
    await client.until('half-');
    bed.sessions.end(SESSION);
    await pollUntil('the close is decided', () => bed.audits.length === 2);
    finish();
    expect(await client.ended(1_000)).toMatch(new RegExp(`\\x82\\x0ahalf-whole${CLOSE}$`));
  });

  it('gives up after half a second in the middle of a frame, without a byte of its own', async () => {
    const bed = await startSwitching((socket) => socket.write('\x82\x7e\x0f\xffstuck', 'latin1'));
    const client = await openRaw(bed);
    await client.until('stuck');
    bed.sessions.end(SESSION);
    await pollUntil('the close is decided', () => bed.audits.length === 2);
    const decidedAt = performance.now();
    expect(await client.ended(2_000)).toMatch(/stuck$/);
    expect(performance.now() - decidedAt).toBeLessThan(1_000);
    await pollUntil('the application sees the end', () => bed.upstream.sockets.size === 0);
  });

  it('gives up on a client that does not read', async () => {
    const bed = await startSwitching((socket) => {
      const flood = (): void => {
        while (socket.writable && socket.write(Buffer.from('\x82\x7dx'.padEnd(127), 'latin1')));
      };
      socket.on('drain', flood);
      flood();
    });
    const client = await openRaw(bed);
    client.socket.pause();
    bed.sessions.end(SESSION);
    await pollUntil('both sides have ended', () => bed.upstream.sockets.size === 0, {
      withinMs: 2_000,
    });
  });

  it('stops the bytes of the client at once', async () => {
    let received = '';
    const bed = await startSwitching((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
      });
      socket.write('\x82\x0ahalf-', 'latin1');
    });
    const client = await openRaw(bed);
    client.send('before');
    await pollUntil('bytes arrive', () => received === 'before');
    bed.sessions.end(SESSION);
    await pollUntil('the close is decided', () => bed.audits.length === 2);
    client.send('after');
    await client.ended(2_000);
    await pollUntil('the application sees the end', () => bed.upstream.sockets.size === 0);
    expect(received).toBe('before');
  });

  it('comes instead of 101 when the session ends during the handshake', async () => {
    const bed = await startRaw(() => undefined);
    const client = new RawConnection(bed.port);
    client.send(handshake(OWN_ORIGIN));
    await pollUntil('the handshake is under way', () => bed.upstream.sockets.size === 1);
    bed.sessions.end(SESSION);
    expect(await client.ended(2_000)).toMatch(/^HTTP\/1\.1 401 [^]*session_ended/);
    await pollUntil('the handshake is given up', () => bed.upstream.sockets.size === 0);
  });
});

describe('backpressure', () => {
  /** What fits into the sockets' buffers on the way, generously. */
  const IN_TRANSIT = 24 * 1024 ** 2;
  const megabyte = Buffer.alloc(1024 ** 2);

  /** Writes until the other side has taken nothing for 300 ms; resolves with the bytes written. */
  async function fill(socket: Socket): Promise<number> {
    for (let count = 0; ; count++) {
      if (socket.write(megabyte)) continue;
      const drained = once(socket, 'drain').then(() => true);
      const waited = new Promise<false>((resolve) => setTimeout(() => resolve(false), 300));
      if (!(await Promise.race([drained, waited]))) return count * megabyte.length;
      if (count * megabyte.length > 10 * IN_TRANSIT) return Infinity;
    }
  }

  it('holds an application back whose client does not read', async () => {
    const opened: Socket[] = [];
    const bed = await startSwitching((socket) => opened.push(socket));
    const client = await openRaw(bed);
    client.socket.pause();
    const [application] = opened;
    if (application === undefined) throw new Error('not opened');
    expect(await fill(application)).toBeLessThan(IN_TRANSIT);
  });

  it('holds a client back whose application does not read', async () => {
    const bed = await startSwitching((socket) => setImmediate(() => socket.pause()));
    const client = await openRaw(bed);
    expect(await fill(client.socket)).toBeLessThan(IN_TRANSIT);
  });
});

describe('a thousand upgrades that come to nothing', () => {
  const ways: [string, (socket: Socket) => void][] = [
    ['refused', (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')],
    ['reset', (socket) => socket.resetAndDestroy()],
    ['ended', (socket) => socket.end()],
    ['opened and reset', (socket) => socket.write(SWITCH, () => socket.resetAndDestroy())],
  ];

  const openSockets = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

  it('leave nothing behind', async () => {
    let count = 0;
    const bed = await startRaw((socket) => {
      const way = ways[count++ % ways.length];
      socket.once('data', () => way?.[1](socket));
    });
    const before = openSockets();
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        Array.from({ length: 20 }, () => exchangeRaw(bed.port, handshake(OWN_ORIGIN))),
      );
    }
    expect(count).toBe(1_000);
    await pollUntil('every socket has ended', () => openSockets() <= before);
    const socket = exchangeRaw(bed.port, handshake(OWN_ORIGIN));
    expect(await socket).toMatch(/^HTTP\/1\.1 403 /);
  });
});
