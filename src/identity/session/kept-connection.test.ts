import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { KeptConnection } from './kept-connection.ts';
import { serverConnection } from './redis-connection.ts';
import type { RedisOptions } from './redis-options.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server that says it is a Redis master, and hangs up when told. */
async function startServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      const isInfo = chunk.includes('info');
      socket.write(isInfo ? '+OK\r\n$13\r\nrole:master\r\n\r\n' : '+OK\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const hangUp = () => sockets.forEach((socket) => socket.destroy());
  const stop = async (): Promise<void> => {
    hangUp();
    server.close();
    await once(server, 'close');
  };
  return { port: address.port, hangUp, stop };
}

function connectionTo(port: number): Redis {
  const options: RedisOptions = {
    mode: 'single',
    address: `127.0.0.1:${port}`,
    database: 0,
    username: undefined,
    password: () => undefined,
    tls: () => undefined,
    keyPrefix: '',
    connectTimeoutMs: 1_000,
    commandTimeoutMs: 1_000,
  };
  return serverConnection(options, { host: '127.0.0.1', port });
}

async function closedPort(): Promise<number> {
  const { port, stop } = await startServer();
  await stop();
  return port;
}

function keep(open: (attempt: number) => Redis | undefined) {
  const clock = new FakeClock();
  const attempts: number[] = [];
  const events: string[] = [];
  const warnings: string[] = [];
  const kept = new KeptConnection<Redis>({
    purpose: 'the test',
    open(attempt) {
      attempts.push(clock.monotonicMs());
      return open(attempt);
    },
    clock,
    // Half of the way between the least delay and the longest.
    random: { bytes: (length) => Buffer.alloc(length).fill(128, 0, 1) },
    logger: {
      ...silentLogger,
      warn: (_message, fields) => warnings.push(JSON.stringify(fields)),
    },
    onReady: () => events.push('ready'),
    onLost: () => events.push('lost'),
  });
  cleanups.push(() => kept.close());
  return { kept, clock, attempts, events, warnings };
}

describe('KeptConnection', () => {
  it('connects, and connects anew when the server hangs up', async () => {
    const server = await startServer();
    cleanups.push(server.stop);
    const { kept, clock, events } = keep(() => connectionTo(server.port));
    await vi.waitUntil(() => kept.ready !== undefined);
    server.hangUp();
    await vi.waitUntil(() => events.includes('lost'));
    expect(kept.ready).toBeUndefined();
    await clock.advance(50);
    await vi.waitUntil(() => events.at(-1) === 'ready');
    expect(events).toEqual(['ready', 'lost', 'ready']);
  });

  it('waits longer after every failure, up to two seconds, and never gives up', async () => {
    const { clock, attempts } = keep(() => {
      throw new Error('no certificate');
    });
    await clock.advance(60_000);
    const delays = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    expect(delays.slice(0, 7)).toEqual([37.5, 75, 150, 300, 600, 1_200, 1_500]);
    expect(new Set(delays.slice(6))).toEqual(new Set([1_500]));
    expect(delays.length).toBeGreaterThan(40);
  });

  it('tries again when a connection fails before it is usable', async () => {
    const port = await closedPort();
    const { clock, attempts, events, warnings } = keep(() => connectionTo(port));
    for (let tries = 1; tries <= 3; tries++) {
      await vi.waitUntil(async () => {
        await clock.advance(100);
        return attempts.length > tries;
      });
    }
    expect(events).toEqual([]);
    expect(warnings[0]).toContain('ECONNREFUSED');
  });

  it('logs one line in ten seconds and how many it left out', async () => {
    const { clock, warnings } = keep(() => {
      throw new Error('no certificate');
    });
    await clock.advance(25_000);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toBe('{"purpose":"the test","error":"Error: no certificate","unlogged":0}');
    expect(warnings[1]).toMatch(/"unlogged":[1-9]/);
  });

  it('keeps asking where to connect to, without a word', async () => {
    const server = await startServer();
    cleanups.push(server.stop);
    let isKnown = false;
    const { kept, clock, warnings } = keep(() => (isKnown ? connectionTo(server.port) : undefined));
    await clock.advance(5_000);
    expect(warnings).toEqual([]);
    isKnown = true;
    kept.replace();
    await vi.waitUntil(() => kept.ready !== undefined);
  });

  it('counts attempts, so that each can go to another address', async () => {
    const asked: number[] = [];
    const { clock } = keep((attempt) => {
      asked.push(attempt);
      return undefined;
    });
    await clock.advance(200);
    expect(asked).toEqual(asked.map((_, index) => index));
    expect(asked.length).toBeGreaterThan(2);
  });

  it('replaces a connection at once when told to', async () => {
    const server = await startServer();
    cleanups.push(server.stop);
    const { kept, clock, events } = keep(() => connectionTo(server.port));
    await vi.waitUntil(() => kept.ready !== undefined);
    const first = kept.ready;
    kept.replace();
    await vi.waitUntil(() => events.includes('lost'));
    await clock.advance(50);
    await vi.waitUntil(() => kept.ready !== undefined);
    expect(kept.ready).not.toBe(first);
  });

  it('stays closed', async () => {
    const server = await startServer();
    cleanups.push(server.stop);
    const { kept, clock, attempts, events } = keep(() => connectionTo(server.port));
    await vi.waitUntil(() => kept.ready !== undefined);
    await kept.close();
    await kept.close();
    kept.replace();
    await clock.advance(60_000);
    expect(attempts).toHaveLength(1);
    expect(events).toEqual(['ready']);
    expect(kept.ready).toBeUndefined();
  });
});
