// Bodies through the inline door: of any size in flat memory, at once, and never cut without notice.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamOptions } from '../../src/access/upstream-table.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import { FakeClock } from '../fixtures/fake-clock.ts';
import {
  SESSION,
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../fixtures/listener-bed.ts';
import { startNodeUpstream } from '../fixtures/node-upstream.ts';
import { exchangeRaw, RawConnection } from '../fixtures/raw-connection.ts';
import { startSeparateGateway } from '../fixtures/separate-gateway.ts';
import { startRawUpstream, type RawUpstream } from '../fixtures/tcp-server.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

/** The door in front of an application that does what it likes with each connection. */
async function startInFrontOf(
  onConnection: (socket: Socket, index: number) => void,
  options: Partial<UpstreamOptions> = {},
): Promise<ListenerBed & { readonly upstream: RawUpstream }> {
  const upstream = await startRawUpstream(onConnection);
  cleanups.add(() => upstream.close());
  const bed = await startListener([upstreamOf(upstream.port, options)]);
  cleanups.add(() => bed.close());
  return { ...bed, upstream };
}

function connect(bed: ListenerBed): RawConnection {
  const connection = new RawConnection(bed.port);
  cleanups.add(() => {
    connection.destroy();
  });
  return connection;
}

/** A request with a session; `rest` is further header lines, an empty line and the body. */
function request(method: string, rest = '\r\n'): string {
  return `${method} /app HTTP/1.1\r\nHost: gateway\r\nCookie: ${SESSION_COOKIE}\r\n${rest}`;
}

const GET = request('GET');
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('large bodies', () => {
  const SIZE = 2 * 1024 ** 3;
  const zeros = Buffer.alloc(1024 ** 2);

  async function writeZeros(to: Writable): Promise<void> {
    for (let left = SIZE; left > 0; left -= zeros.length) {
      if (!to.write(zeros)) await once(to, 'drain');
    }
    to.end();
  }

  async function countBytes(stream: IncomingMessage): Promise<number> {
    let count = 0;
    stream.on('data', (chunk: Buffer) => {
      count += chunk.length;
    });
    await once(stream, 'end');
    return count;
  }

  async function ask(port: number, method: string, sends: number): Promise<IncomingMessage> {
    const headers = { Cookie: SESSION_COOKIE, 'Content-Length': sends };
    const outgoing = http.request({ port, method, headers });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
    });
    if (sends > 0) await writeZeros(outgoing);
    else outgoing.end();
    return answer;
  }

  it('passes 2 GiB up and 2 GiB down in less than 200 MiB of memory', async () => {
    const upstream = await startNodeUpstream((req, res) => {
      res.writeHead(200, { 'Content-Length': req.method === 'GET' ? SIZE : 10 });
      if (req.method === 'GET') void writeZeros(res);
      else void countBytes(req).then((count) => res.end(String(count)));
    });
    cleanups.add(() => upstream.close());
    const compileCache = await mkdtemp(join(tmpdir(), 'kfgw-compile-cache-'));
    cleanups.add(() => rm(compileCache, { recursive: true }));
    await (await startSeparateGateway(upstream.port, compileCache)).stop();
    const gateway = await startSeparateGateway(upstream.port, compileCache);
    cleanups.add(() => {
      gateway.kill();
    });

    const uploaded = await ask(gateway.port, 'PUT', SIZE);
    expect(await once(uploaded, 'data')).toEqual([Buffer.from(String(SIZE))]);
    const downloaded = await ask(gateway.port, 'GET', 0);
    expect(await countBytes(downloaded)).toBe(SIZE);

    const peakMib = await gateway.stop();
    process.stdout.write(`peak memory of the gateway: ${peakMib.toFixed(0)} MiB\n`);
    expect(peakMib).toBeLessThan(200);
  });
});

describe('streams', () => {
  it('passes the head of an event stream before its first event, and each event at once', async () => {
    const streams: http.ServerResponse[] = [];
    const upstream = await startNodeUpstream((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.flushHeaders();
      streams.push(res);
    });
    cleanups.add(() => upstream.close());
    const bed = await startListener([upstreamOf(upstream.port)]);
    cleanups.add(() => bed.close());
    const client = connect(bed);
    client.send(GET);
    await client.until('text/event-stream\r\n');
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      streams[0]?.write(event);
      await client.until(event);
    }
  });

  it('has no time-out once an answer has begun', async () => {
    const bed = await startInFrontOf(
      (socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nfour');
          setTimeout(() => socket.write('more'), 2_500);
        });
      },
      { responseTimeoutMs: 1_000 },
    );
    const client = connect(bed);
    client.send(GET);
    expect(await client.until('fourmore')).toContain('200 OK');
  });

  it('ends with its session', async () => {
    const bed = await startInFrontOf((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst');
      });
    });
    const client = connect(bed);
    client.send(GET);
    await client.until('first');
    bed.sessions.end(SESSION, 'signed_out');
    await client.ended(1_000);
    await pollUntil('the application sees the end', () => bed.upstream.sockets.size === 0);
    await pollUntil('the audit line', () => bed.audits.length > 0);
    expect(bed.audits[0]).toMatchObject({ outcome: 'withdrawn', reason: 'signed_out' });
  });

  it('ends when nobody can vouch for its session any longer', async () => {
    const bed = await startInFrontOf((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst');
      });
    });
    const client = connect(bed);
    client.send(GET);
    await client.until('first');
    bed.sessions.set(SESSION, {
      kind: 'unavailable',
      reason: 'session_store_unavailable',
      retryAfterSec: 1,
    });
    await client.ended(1_000);
    await pollUntil('the audit line', () => bed.audits.length > 0);
    expect(bed.audits[0]).toMatchObject({ reason: 'session_store_unavailable' });
  });

  it('answers a request that loses its session before its answer begins', async () => {
    const bed = await startInFrontOf(() => undefined);
    const client = connect(bed);
    client.send(request('POST', 'Content-Length: 0\r\n\r\n'));
    await pollUntil('the request is under way', () => bed.upstream.sockets.size === 1);
    bed.sessions.end(SESSION, 'session_expired');
    expect(await client.until('session_expired')).toContain('HTTP/1.1 401');
    await pollUntil('the application sees the end', () => bed.upstream.sockets.size === 0);
  });
});

describe('a client that leaves', () => {
  it('takes its request to the application with it', async () => {
    const bed = await startInFrontOf(() => undefined);
    const client = connect(bed);
    client.send(GET);
    await pollUntil('the request is under way', () => bed.upstream.sockets.size === 1);
    client.destroy();
    await pollUntil('the application sees the end', () => bed.upstream.sockets.size === 0);
    await pollUntil('the audit line', () => bed.audits.length === 1);
    expect(bed.audits[0]).toMatchObject({ outcome: 'permit', status: 0 });
  });

  it('in the middle of an upload does not make it look complete', async () => {
    let received = '';
    const bed = await startInFrontOf((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
      });
    });
    const client = connect(bed);
    client.send(request('POST', 'Transfer-Encoding: chunked\r\n\r\n5\r\nABCDE\r\n'));
    await pollUntil('the body arrives', () => received.includes('ABCDE'));
    client.destroy();
    await pollUntil('the application sees the end', () => bed.upstream.sockets.size === 0);
    expect(received).not.toContain('\r\n0\r\n');
  });
});

describe('an application that breaks off', () => {
  const heads = {
    'with a length': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart',
    'in chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
  };

  it.each(Object.entries(heads))('never looks complete, %s', async (_how, head) => {
    const bed = await startInFrontOf((socket) => {
      socket.once('data', () => {
        socket.write(head);
        setTimeout(() => socket.destroy(), 50);
      });
    });
    const client = connect(bed);
    const error = new Promise((resolve) => client.socket.once('error', resolve));
    client.send(GET);
    await client.until('part');
    expect(await error).toMatchObject({ code: 'ECONNRESET' });
    expect(client.received).not.toContain('\r\n0\r\n\r\n');
    await pollUntil('the audit line', () => bed.audits.length === 1);
    expect(bed.audits[0]).toMatchObject({ outcome: 'failed', reason: 'upstream_protocol' });
  });

  it('never looks complete to an HTTP/1.0 client, which reads until the end', async () => {
    const bed = await startInFrontOf((socket) => {
      socket.once('data', () => {
        socket.write(heads['in chunks']);
        setTimeout(() => socket.destroy(), 50);
      });
    });
    const client = connect(bed);
    const error = new Promise((resolve) => client.socket.once('error', resolve));
    client.send(GET.replace('HTTP/1.1', 'HTTP/1.0'));
    await client.until('part');
    expect(await error).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('Expect: 100-continue', () => {
  const head = 'Expect: 100-continue\r\nContent-Length: 5\r\n\r\n';

  it('is answered only once the request is permitted', async () => {
    let received = '';
    const bed = await startInFrontOf((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (received.includes('ABCDE')) socket.write(OK);
      });
    });
    const client = connect(bed);
    client.send(request('POST', head));
    await client.until('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('ABCDE');
    await client.until('200 OK');
    expect(received.toLowerCase()).not.toContain('expect');
  });

  it('is refused without asking for the body, and the connection ends', async () => {
    const bed = await startInFrontOf(() => undefined);
    const answer = await exchangeRaw(bed.port, `POST /app HTTP/1.1\r\nHost: gateway\r\n${head}`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('Connection: close');
    expect(answer).not.toContain('100 Continue');
    expect(bed.upstream.sockets.size).toBe(0);
  });

  it('is refused before a body that nobody waits for', async () => {
    const bed = await startInFrontOf(() => undefined);
    const client = connect(bed);
    client.send('POST /app HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10000000000\r\n\r\nABC');
    expect(await client.ended(2_000)).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('an answer before the end of its request', () => {
  const early = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig';

  it('arrives while the upload goes on, and the connection is not used again', async () => {
    let connections = 0;
    const bed = await startInFrontOf((socket) => {
      connections++;
      socket.once('data', () => socket.write(early));
    });
    const client = connect(bed);
    client.send(request('POST', 'Content-Length: 10\r\n\r\nABCDE'));
    await client.until('big');
    client.send('FGHIJ');
    client.send(GET);
    await client.matching((text) => text.split('big').length === 3);
    expect(connections).toBe(2);
  });
});

describe('an upload that nobody waits for any more', () => {
  it('may go on for half a minute after its answer, then its connection ends', async () => {
    const upstream = await startRawUpstream((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig'),
      );
    });
    cleanups.add(() => upstream.close());
    const clock = new FakeClock();
    const bed = await startListener([upstreamOf(upstream.port)], {}, { clock });
    cleanups.add(() => bed.listener.close(0));
    const client = connect(bed);
    client.send(request('POST', 'Content-Length: 1000000\r\n\r\nABCDE'));
    await client.until('big');
    await pollUntil('the answer is told', () => bed.audits.length === 1);
    await clock.advance(29_000);
    client.send('FGHIJ');
    expect(client.isEnded).toBe(false);
    await clock.advance(2_000);
    await client.ended();
  });
});

describe('a kept connection that was already dead', () => {
  /** Answers the first request of each connection, and cuts it at the second. */
  const cutAtSecond = (received: string[]) => (socket: Socket) => {
    let count = 0;
    socket.on('data', (chunk) => {
      received.push(chunk.toString('latin1').split(' ', 1)[0] ?? '');
      if (++count === 1) socket.write(OK);
      else socket.resetAndDestroy();
    });
  };

  async function askTwice(second: string): Promise<{ text: string; received: string[] }> {
    const received: string[] = [];
    const bed = await startInFrontOf(cutAtSecond(received));
    const client = connect(bed);
    client.send(GET);
    await client.until('\r\n\r\nok');
    client.send(second);
    const text = await client.matching((all) => (all.match(/HTTP\/1\.1 /g)?.length ?? 0) > 1);
    return { text, received };
  }

  it.each(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT'])(
    'is replaced once for %s without a body',
    async (method) => {
      const { text, received } = await askTwice(request(method));
      expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      expect(received).toEqual(['GET', method, method]);
    },
  );

  it.each([
    ['POST', request('POST', 'Content-Length: 0\r\n\r\n')],
    ['PUT', request('PUT', 'Content-Length: 3\r\n\r\nABC')],
  ])('is an error for %s, which may have been acted upon', async (method, second) => {
    const { text, received } = await askTwice(second);
    expect(text).toContain('upstream_unreachable');
    expect(received).toEqual(['GET', method]);
  });

  it('is not replaced after a byte of an answer', async () => {
    let count = 0;
    const bed = await startInFrontOf((socket) => {
      socket.on('data', () => {
        if (++count === 1) socket.write(OK);
        else socket.write('HTTP/1.1 2', () => socket.resetAndDestroy());
      });
    });
    const client = connect(bed);
    client.send(GET);
    await client.until('\r\n\r\nok');
    client.send(GET);
    await client.until('upstream_');
    expect(count).toBe(2);
  });

  it('is not replaced twice', async () => {
    let count = 0;
    const bed = await startInFrontOf((socket, index) => {
      socket.on('data', () => {
        count++;
        if (index === 0 && count === 1) socket.write(OK);
        else socket.resetAndDestroy();
      });
    });
    const client = connect(bed);
    client.send(GET);
    await client.until('\r\n\r\nok');
    client.send(GET);
    await client.until('upstream_unreachable');
    expect(count).toBe(3);
  });
});

describe('an application that cannot answer', () => {
  const program = request('GET', 'Sec-Fetch-Mode: cors\r\nConnection: close\r\n\r\n');
  const answering = (bytes: string) => (socket: Socket) => {
    socket.once('data', () => socket.end(bytes, 'latin1'));
  };

  it.each([
    [
      'ends without an answer',
      (socket: Socket) => void socket.once('data', () => socket.end()),
      502,
      'upstream_unreachable',
    ],
    [
      'resets',
      (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy()),
      502,
      'upstream_unreachable',
    ],
    ['speaks something else', answering('SSH-2.0-OpenSSH_9.6\r\n'), 502, 'upstream_protocol'],
    [
      'sends a status that is none',
      answering('HTTP/1.1 042 Odd\r\nContent-Length: 0\r\n\r\n'),
      502,
      'upstream_protocol',
    ],
    [
      'sends a length twice',
      answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'),
      502,
      'upstream_protocol',
    ],
    [
      'sends a length and a coding',
      answering(
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
      502,
      'upstream_protocol',
    ],
    [
      'folds a header',
      answering('HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'),
      502,
      'upstream_protocol',
    ],
    [
      'switches protocols unasked',
      answering(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
      502,
      'upstream_protocol',
    ],
    [
      'switches to no protocol',
      answering('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      502,
      'upstream_protocol',
    ],
    [
      'sends headers without end',
      answering(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
      502,
      'upstream_protocol',
    ],
  ])('%s', async (_what, onConnection, status, code) => {
    const bed = await startInFrontOf(onConnection);
    const answer = await exchangeRaw(bed.port, program);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain(`"code":"${code}"`);
    expect(bed.audits[0]).toMatchObject({ outcome: 'failed', reason: code, status });
  });

  it('is not there', async () => {
    const gone = await startRawUpstream(() => undefined);
    await gone.close();
    const bed = await startListener([upstreamOf(gone.port)]);
    cleanups.add(() => bed.close());
    expect(await exchangeRaw(bed.port, program)).toMatch(/502 [^]*upstream_unreachable/);
  });

  it('has a name that does not resolve', async () => {
    const bed = await startListener([{ ...upstreamOf(80), url: 'http://application.invalid' }]);
    cleanups.add(() => bed.close());
    expect(await exchangeRaw(bed.port, program)).toMatch(/502 [^]*upstream_unreachable/);
  });

  it('takes too long to begin', async () => {
    const bed = await startInFrontOf(() => undefined, { responseTimeoutMs: 1_000 });
    expect(await exchangeRaw(bed.port, program)).toMatch(/504 [^]*upstream_timeout/);
    await pollUntil('the application sees the end', () => bed.upstream.sockets.size === 0);
  });

  it('may take as long as its client takes to send', async () => {
    let received = '';
    const bed = await startInFrontOf(
      (socket) => {
        socket.on('data', (chunk) => {
          received += chunk.toString('latin1');
          if (received.endsWith('FGHIJ')) socket.write(OK);
        });
      },
      { responseTimeoutMs: 1_000 },
    );
    const client = connect(bed);
    const started = performance.now();
    client.send(request('POST', 'Content-Length: 10\r\n\r\nABCDE'));
    await pollUntil('more than the time-out passes', () => performance.now() > started + 2_500);
    client.send('FGHIJ');
    await client.until('200 OK');
  });

  it('is shown as a page to a person', async () => {
    const bed = await startInFrontOf(answering('nonsense\r\n\r\n'));
    const answer = await exchangeRaw(
      bed.port,
      request('GET', 'Accept: text/html\r\nConnection: close\r\n\r\n'),
    );
    expect(answer).toMatch(/502 [^]*text\/html[^]*error upstream_protocol/);
  });
});
