import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { listenOnLoopback } from './loopback-listener.ts';

const state = 'the-state';
const page = { title: 'You are signed in', sentence: 'This window may be closed.' };

async function ask(url: string, init: { method?: string; host?: string } = {}) {
  const headers = init.host === undefined ? {} : { host: init.host };
  const asked = request(url, { method: init.method ?? 'GET', headers, agent: false });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

describe('the loopback listener', () => {
  test('hands over what the browser brings with the state, and shows what it is told to', async () => {
    await using listener = await listenOnLoopback(state);
    expect(listener.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const url = `${listener.redirectUri}?code=c&state=${state}&iss=https%3A%2F%2Fa`;
    const shown = ask(url);
    const answer = await listener.answer;
    expect(answer.url.href).toBe(url);
    await answer.show(page);
    const { status, headers, body } = await shown;
    expect(status).toBe(200);
    expect(body).toContain('<h1>You are signed in</h1>');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
    });
  });

  test('turns everything else away, and goes on waiting', async () => {
    await using listener = await listenOnLoopback(state);
    const { redirectUri } = listener;
    const good = `${redirectUri}?code=c&state=${state}`;
    const { host, origin } = new URL(redirectUri);
    const others = [
      ask(`${origin}/favicon.ico`),
      ask(`${origin}/`),
      ask(`${redirectUri}?code=c`),
      ask(`${redirectUri}?code=c&state=`),
      ask(`${redirectUri}?code=c&state=another`),
      ask(`${good}&state=${state}`),
      ask(`${origin}/callback/?code=c&state=${state}`),
      ask(`${origin}//callback?code=c&state=${state}`),
      ask(good, { method: 'POST' }),
      ask(good, { host: 'attacker.example' }),
      ask(good, { host: host.replace('127.0.0.1', 'localhost') }),
    ];
    for (const other of await Promise.all(others)) {
      expect(other.status).toBe(404);
      expect(other.body).toContain('Nothing is awaited here');
    }
    const shown = ask(good);
    const answer = await listener.answer;
    expect((await ask(good)).status).toBe(404);
    await answer.show(page);
    expect((await shown).status).toBe(200);
  });

  test('is gone afterwards, with the connections that browsers keep open', async () => {
    const listener = await listenOnLoopback(state);
    const idle = request(listener.redirectUri, { agent: false });
    idle.on('error', () => undefined);
    idle.flushHeaders();
    await listener[Symbol.asyncDispose]();
    await expect(fetch(listener.redirectUri)).rejects.toThrow();
  });

  test('does not wait for a browser that has left', async () => {
    await using listener = await listenOnLoopback(state);
    const asked = request(`${listener.redirectUri}?state=${state}`, { agent: false });
    asked.on('error', () => undefined);
    asked.end();
    const answer = await listener.answer;
    asked.destroy();
    await answer.show(page);
  });
});
