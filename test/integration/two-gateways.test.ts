// Two gateway processes with one Redis: a session is everywhere at once, and so is its end.
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  readArrival,
  startEchoApplication,
  valuesOf,
  type EchoApplication,
} from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { recordMs } from '../fixtures/measured.ts';
import { kubeflowPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { inRedis, makeSharedKeys } from '../fixtures/shared-keys.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { startRedis } from '../neighbours/redis.ts';
import { signInByForm } from '../neighbours/sign-in-form.ts';

const TRIES = 20;
const PROMISED_MS = 1_000;

describeWith(['dex-2.45.1', 'redis'], 'two gateways with one Redis', () => {
  const stack = new AsyncDisposableStack();
  let application: EchoApplication;
  let one: GatewayProcess;
  let other: GatewayProcess;
  beforeAll(async () => {
    const dex = stack.use(await startDex());
    const redis = stack.use(await startRedis());
    const keys = stack.use(await makeSharedKeys());
    application = stack.use(await startEchoApplication());
    const config = { ...inRedis(redis.port, keys), limits: { loginPerMinute: 1_000 } };
    one = stack.use(await startGateway({ dex, application: application.port, config }));
    other = stack.use(await startGateway({ dex, application: application.port, config }));
  });
  afterAll(() => stack.disposeAsync());

  it('finish at one a sign-in that was begun at the other', async () => {
    using browser = new ScriptedBrowser();
    const begun = await signInByForm(`${one.url}/echo?deep=link`, kubeflowPerson, {
      jar: browser.jar,
      until: ({ pathname }) => pathname === '/oauth2/callback',
    });
    const callback = await browser.ask(other, `/oauth2/callback${begun.url.search}`);
    expect([callback.status, callback.headers.get('location')]).toEqual([302, '/echo?deep=link']);
    expect((await browser.ask(other)).status).toBe(200);
    expect((await browser.ask(one)).status).toBe(200);
  });

  it('know at once who signed in at the other', async () => {
    using browser = new ScriptedBrowser();
    await browser.signIn(one);
    const answer = await browser.ask(other);
    expect(valuesOf(readArrival(answer.body), 'kubeflow-userid')).toEqual(['user@example.com']);
  });

  it('cut an event stream of whom the other signs out', async () => {
    using browser = new ScriptedBrowser();
    await browser.signIn(one);
    const cookie = browser.jar.header(new URL(other.url));
    const stream = await fetch(`${other.url}/events`, { headers: { cookie } });
    const reader = stream.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 0\n\n');
    await browser.signOut(one);
    const signedOutAtMs = performance.now();
    const isCut = async () => (await reader?.read().catch(() => 'cut')) === 'cut';
    await pollUntil('it is cut', isCut, { everyMs: 0 });
    expect(performance.now() - signedOutAtMs).toBeLessThan(PROMISED_MS);
  });

  it('refuse within a second who signed out at the other, and close the WebSocket', async () => {
    const refusedMs: number[] = [];
    const closedMs: number[] = [];
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      using browser = new ScriptedBrowser();
      await browser.signIn(one);
      const socket = await browser.open(other);
      expect(await socket.echo('still here')).toBe('still here');
      using thief = browser.withCopiedCookie();
      expect((await thief.ask(other)).status).toBe(200);
      expect((await browser.signOut(one)).status).toBe(200);
      const signedOutAtMs = performance.now();
      await pollUntil('it is refused', async () => (await thief.ask(other)).status === 401, {
        withinMs: PROMISED_MS,
        everyMs: 1,
      });
      refusedMs.push(performance.now() - signedOutAtMs);
      const { code, reason, atMs } = await socket.closed;
      expect([code, reason]).toEqual([4401, 'signed_out']);
      closedMs.push(atMs - signedOutAtMs);
    }
    recordMs('after a sign-out, the other gateway refuses', refusedMs);
    recordMs('after a sign-out, the other gateway closes the WebSocket', closedMs);
    expect(Math.max(...closedMs)).toBeLessThan(PROMISED_MS);
  });
});
