// How a session ends before the eyes of a person at Chromium: signed out, in a frame, in another tab.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askFrom, openSocketIn, passDex, signInAt } from '../fixtures/chromium-person.ts';
import { startEchoApplication, valuesOf } from '../fixtures/echo-application.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { kubeflowPerson } from '../fixtures/scripted-browser.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';

const PROMISED_MS = 1_000;

describeWith(['chromium', 'dex-2.45.1'], 'a session in Chromium', () => {
  const stack = new AsyncDisposableStack();
  let chromium: Chromium;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    const dex = stack.use(await startDex());
    const { port } = stack.use(await startEchoApplication());
    gateway = stack.use(await startGateway({ dex, application: port }));
    chromium = stack.use(await startChromium());
  });
  afterAll(() => stack.disposeAsync());

  async function signedIn(path = '/'): Promise<Page> {
    const context = await chromium.browser.newContext();
    stack.defer(() => context.close());
    const page = await context.newPage();
    await signInAt(page, gateway.url + path, kubeflowPerson);
    return page;
  }

  const isAtDex = (page: Page) => new URL(page.url()).pathname.startsWith('/dex/');

  it('ends when a page of the same origin navigates to the sign-out, in other tabs within a second', async () => {
    const page = await signedIn();
    const tab = await page.context().newPage();
    await tab.goto(`${gateway.url}/_/other`);
    const socket = await openSocketIn(tab);
    const beganAtMs = Date.now();
    await page.click('#logout');
    expect(await page.textContent('h1')).toBe('You are signed out');
    const { atMs, ...event } = await socket.closed();
    expect(event).toEqual({ code: 4401, reason: 'signed_out', wasClean: true });
    expect(atMs - beganAtMs).toBeLessThan(PROMISED_MS);
    expect(await page.context().cookies()).toEqual([]);
    await tab.reload();
    expect(isAtDex(tab)).toBe(true);
    await page.click('#continue');
    expect(isAtDex(page)).toBe(true);
  });

  it('goes on when another site or a typed address asks to end it, until the person says so', async () => {
    const page = await signedIn();
    for (const path of ['/logout', '/oauth2/sign_out']) {
      await page.goto(gateway.url + path);
      expect(await page.textContent('h1')).toBe('Do you want to sign out?');
    }
    const other = gateway.url.replace('127.0.0.1', 'localhost');
    await page.goto(`${other}/oauth2/sign_in`);
    await page.evaluate(`location.href = ${JSON.stringify(`${gateway.url}/logout`)}`);
    await page.waitForURL(`${gateway.url}/logout`);
    expect(await page.textContent('h1')).toBe('Do you want to sign out?');
    const tab = await page.context().newPage();
    await tab.goto(`${gateway.url}/`);
    expect(valuesOf(await askFrom(tab), 'kubeflow-userid')).toEqual(['user@example.com']);
    await page.click('button');
    expect(await page.textContent('h1')).toBe('You are signed out');
    await tab.goto(`${gateway.url}/`);
    expect(isAtDex(tab)).toBe(true);
  });

  it('that ends inside a frame leads out of it, and redirects nothing inside', async () => {
    const page = await signedIn('/?ns=team-a');
    const frame = page.frame('app');
    if (frame === null) throw new Error('the application has no frame');
    expect(await frame.textContent('#user')).toBe('user@example.com');
    const tab = await page.context().newPage();
    await tab.goto(`${gateway.url}/`);
    await tab.click('#logout');
    await frame.click('#next');
    await frame.waitForSelector('h1:has-text("You are not signed in")');
    expect(frame.url()).toBe(`${gateway.url}/frame?next`);
    expect(page.url()).toBe(`${gateway.url}/?ns=team-a`);
    await frame.click('#continue');
    await page.waitForURL(/\/dex\//);
    await passDex(page, kubeflowPerson);
    expect(page.url()).toBe(`${gateway.url}/frame?next`);
    expect(await page.textContent('#user')).toBe('user@example.com');
  });
});
