// Two gateway processes with one Redis: a personal token is good everywhere at once, and so is its end.
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import {
  readArrival,
  startEchoApplication,
  valuesOf,
  type EchoApplication,
} from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { recordMs } from '../fixtures/measured.ts';
import { makePersonalToken } from '../fixtures/personal-token.ts';
import { ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inRedis, makeSharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { plainRequest, type PlainAnswer } from '../neighbours/plain-request.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis } from '../neighbours/redis.ts';

const TRIES = 10;
const PROMISED_MS = 1_000;

interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly atMs: number;
}

describeWith(['dex-2.45.1', 'redis'], 'a personal token at two gateways with one Redis', () => {
  const stack = new AsyncDisposableStack();
  let application: EchoApplication;
  let one: GatewayProcess;
  let other: GatewayProcess;
  beforeAll(async () => {
    const dex = stack.use(await startDex());
    const redis = stack.use(await startRedis());
    const keys = stack.use(await makeSharedKeys());
    application = stack.use(await startEchoApplication());
    const limits = { loginPerMinute: 1_000 };
    const config = { ...inRedis(redis.port, keys), limits };
    one = stack.use(await startGateway({ dex, application: application.port, config }));
    other = stack.use(await startGateway({ dex, application: application.port, config }));
  });
  afterAll(() => stack.disposeAsync());

  function ask(at: GatewayProcess, token: string, path = '/echo'): Promise<PlainAnswer> {
    return plainRequest(new URL(path, at.url), { headers: { authorization: `Bearer ${token}` } });
  }

  /** As a program: no cookie, no Origin, only the token. Resolves when it is open. */
  async function openSocket(
    at: GatewayProcess,
    token: string,
  ): Promise<{ readonly closed: Promise<Closing> }> {
    const url = new URL('/socket', at.url).href.replace('http', 'ws');
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    stack.defer(() => {
      socket.terminate();
    });
    const closed = new Promise<Closing>((resolve) => {
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString(), atMs: performance.now() });
      });
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return { closed };
  }

  async function revoke(at: GatewayProcess, token: string): Promise<void> {
    const body = new URLSearchParams({ token, client_id: 'kfgw-cli' });
    const answer = await fetch(`${at.url}/oauth2/revoke`, { method: 'POST', body });
    expect(answer.status).toBe(200);
  }

  it('stands for its owner at both, and never reaches the application', async () => {
    using browser = new ScriptedBrowser();
    const token = await makePersonalToken(one, browser);
    for (const gateway of [one, other]) {
      const { body, status } = await ask(gateway, token);
      expect(status).toBe(200);
      expect(valuesOf(readArrival(body), 'kubeflow-userid')).toEqual(['user@example.com']);
      expect(body).not.toContain(token);
    }
    for (const gateway of [one, other]) expect(JSON.stringify(gateway.log())).not.toContain(token);
  });

  it('goes on when its owner signs out of the browser', async () => {
    using browser = new ScriptedBrowser();
    const token = await makePersonalToken(one, browser);
    expect((await browser.signOut(one)).status).toBe(200);
    expect((await browser.ask(other)).status).toBe(401);
    expect((await ask(other, token)).status).toBe(200);
  });

  it('is refused within a second of its end at the other, and its WebSocket is closed', async () => {
    const refusedMs: number[] = [];
    const closedMs: number[] = [];
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      using browser = new ScriptedBrowser();
      const token = await makePersonalToken(one, browser);
      expect((await ask(other, token)).status).toBe(200);
      const { closed } = await openSocket(other, token);
      await revoke(one, token);
      const revokedAtMs = performance.now();
      await pollUntil('it is refused', async () => (await ask(other, token)).status === 401, {
        withinMs: PROMISED_MS,
        everyMs: 1,
      });
      refusedMs.push(performance.now() - revokedAtMs);
      const { code, reason, atMs } = await closed;
      expect([code, reason]).toEqual([4401, 'token_revoked']);
      closedMs.push(atMs - revokedAtMs);
    }
    recordMs('after a token was revoked, the other gateway refuses it', refusedMs);
    recordMs('after a token was revoked, the other gateway closes its WebSocket', closedMs);
    expect(Math.max(...closedMs)).toBeLessThan(PROMISED_MS);
  });
});
