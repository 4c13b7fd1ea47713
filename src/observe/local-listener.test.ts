import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { openLocalListener, type LocalListener } from './local-listener.ts';
import type { LogLevel } from './json-logger.ts';

let listener: LocalListener | undefined;
let level: LogLevel = 'info';
let logged: unknown[] = [];

afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

async function open(): Promise<string> {
  level = 'info';
  logged = [];
  listener = await openLocalListener(
    { host: '127.0.0.1', port: 0 },
    {
      explain: (query) => ({
        status: 200,
        value: { user: query.get('user'), groups: query.getAll('group') },
        text: `about ${query.get('url') ?? 'nothing'}`,
      }),
      logger: {
        level: () => level,
        setLevel: (next) => (level = next),
        info: (message, fields) => void logged.push([message, fields]),
      },
    },
  );
  return `http://127.0.0.1:${listener.port}`;
}

/** With headers that fetch would not send. */
function statusWith(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the local listener', () => {
  it('explains in JSON, and in text for whoever wishes to read it', async () => {
    const url = `${await open()}/explain?user=a%40b&group=g&group=h&url=%2Fx%3Fns%3Dy`;
    const json = await fetch(url);
    expect(json.headers.get('content-type')).toBe('application/json');
    expect(await json.json()).toEqual({ user: 'a@b', groups: ['g', 'h'] });
    const text = await fetch(url, { headers: { accept: 'text/plain' } });
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await text.text()).toBe('about /x?ns=y\n');
  });

  it('tells the log level, and sets it', async () => {
    const url = `${await open()}/log-level`;
    expect(await (await fetch(url)).json()).toEqual({ level: 'info' });
    const set = await fetch(url, { method: 'PUT', body: 'debug\n' });
    expect(await set.json()).toEqual({ level: 'debug' });
    expect(level).toBe('debug');
    expect(logged).toEqual([['The log level was set by hand.', { level: 'debug' }]]);
  });

  it.each(['', 'verbose', 'debug,info', 'x'.repeat(2_000)])(
    'sets no level that is none (%#)',
    async (body) => {
      const url = `${await open()}/log-level`;
      expect((await fetch(url, { method: 'PUT', body })).status).toBe(400);
      expect(level).toBe('info');
    },
  );

  it('knows no other path and no other method', async () => {
    const url = await open();
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/constructor`)).status).toBe(404);
    const refused = await fetch(`${url}/log-level`, { method: 'POST', body: 'debug' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, PUT']);
  });

  it.each<[what: string, headers: Readonly<Record<string, string>>]>([
    ['a name that a page lets point here', { host: 'evil.example:9091' }],
    ['a name that begins like ours', { host: '127.0.0.1.evil.example' }],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['a request with an origin', { origin: 'http://localhost:8080' }],
    ['a page without an origin', { origin: 'null' }],
  ])('refuses %s', async (_what, headers) => {
    expect(await statusWith(`${await open()}/log-level`, headers)).toBe(403);
  });

  it.each([
    { host: 'localhost:9091' },
    { host: '[::1]:9091' },
    { host: '127.0.0.1', 'sec-fetch-site': 'none' },
  ])('takes a program, and an address that was typed: %j', async (headers) => {
    expect(await statusWith(`${await open()}/log-level`, headers)).toBe(200);
  });

  it('rejects an address that it cannot have', async () => {
    await open();
    const port = listener?.port ?? 0;
    const sources = { explain: () => ({ status: 200, value: 0, text: '' }) };
    const logger = { level: () => level, setLevel: () => undefined, info: () => undefined };
    await expect(
      openLocalListener({ host: '127.0.0.1', port }, { ...sources, logger }),
    ).rejects.toThrow('EADDRINUSE');
  });
});
