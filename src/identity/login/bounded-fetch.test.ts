import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { boundedFetch, ProviderUnreachable, type FetchBounds } from './bounded-fetch.ts';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

const defaults: FetchBounds = {
  timeoutMs: 5_000,
  allowHttp: true,
  skipTlsVerify: false,
  caPem: () => undefined,
};

function ask(url: string, bounds: Partial<FetchBounds> = {}): Promise<Response> {
  const fetch = boundedFetch({ ...defaults, ...bounds }, systemClock);
  const body = new URLSearchParams({ a: 'b c' });
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-a': '1' };
  return fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
}

describe('an exchange with the provider', () => {
  it('carries method, headers and form, and brings status, type and body', async () => {
    const url = await serve((req, res) => {
      void req.toArray().then((chunks) => {
        res.writeHead(418, { 'content-type': 'application/json' });
        res.end(JSON.stringify([req.method, req.headers['x-a'], chunks.join('')]));
      });
    });
    const answer = await ask(url);
    expect(answer.status).toBe(418);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual(['POST', '1', 'a=b+c']);
  });

  it('follows no redirect', async () => {
    const url = await serve((req, res) => {
      if (req.url === '/elsewhere') throw new Error('followed');
      res.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect((await ask(url)).status).toBe(302);
  });

  it('takes a mebibyte, and not a byte more', async () => {
    const sizes = [2 ** 20, 2 ** 20 + 1];
    const url = await serve((_req, res) => res.end('x'.repeat(sizes.shift() ?? 0)));
    expect(await (await ask(url)).text()).toHaveLength(2 ** 20);
    await expect(ask(url)).rejects.toThrow(/more than 1048576 bytes/);
  });

  it.each<[string, RequestListener]>([
    ['fails', (_req, res) => res.writeHead(502).end()],
    ['is overloaded', (_req, res) => res.writeHead(429).end()],
    ['never answers', () => undefined],
    ['never ends', (_req, res) => res.writeHead(200).write('x')],
    ['closes the connection', (req) => req.socket.destroy()],
    [
      'breaks off',
      (_req, res) => res.writeHead(200, { 'content-length': 9 }).write('x', () => res.destroy()),
    ],
    [
      'switches protocols',
      (_req, res) => res.writeHead(101, { connection: 'upgrade', upgrade: 'x' }).end(),
    ],
    ['does not speak HTTP', (req) => req.socket.end('SSH-2.0-x\r\n')],
  ])('is unreachable when the server %s', async (_name, listener) => {
    await expect(ask(await serve(listener), { timeoutMs: 300 })).rejects.toThrow(
      ProviderUnreachable,
    );
  });

  it('is unreachable when nobody listens, or the address is no address', async () => {
    for (const url of ['http://127.0.0.1:1/', 'nonsense', 'file:///etc/passwd', 'data:,x']) {
      await expect(ask(url)).rejects.toThrow(ProviderUnreachable);
    }
  });

  it('does not use plain http unless that is allowed', async () => {
    let wasAsked = false;
    const url = await serve((_req, res) => {
      wasAsked = true;
      res.end();
    });
    await expect(ask(url, { allowHttp: false })).rejects.toThrow(/http: is not permitted/);
    expect(wasAsked).toBe(false);
  });

  it('ends at its deadline although bytes keep coming', async () => {
    const url = await serve((req, res) => {
      const drip = setInterval(() => res.write(' '), 20);
      req.socket.on('close', () => {
        clearInterval(drip);
      });
    });
    const startedAt = performance.now();
    await expect(ask(url, { timeoutMs: 300 })).rejects.toThrow(/no answer within 300 ms/);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });
});
