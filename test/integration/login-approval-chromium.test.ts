// Command-line logins that a person allows in Chromium, and a notebook of the same origin that wants one.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { challengeOf } from '../../src/identity/oauth/pkce.ts';
import { signInAt, submitDex } from '../fixtures/chromium-person.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { HOSTILE_NOTEBOOK, startHostileNotebook } from '../fixtures/hostile-notebook.ts';
import { kubeflowPerson } from '../fixtures/scripted-browser.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const request = new URLSearchParams({
  response_type: 'code',
  client_id: 'kfgw-cli',
  redirect_uri: 'http://127.0.0.1:49152/callback',
  code_challenge: challengeOf('v'.repeat(43)) ?? '',
  code_challenge_method: 'S256',
});
const AUTHORIZE = `/oauth2/authorize?${request.toString()}`;
const PAGES = [AUTHORIZE, '/oauth2/device', '/oauth2/action?ticket=x'];

describeWith(['chromium', 'dex-2.45.1'], 'command-line logins in Chromium', () => {
  const stack = new AsyncDisposableStack();
  let chromium: Chromium;
  let gateway: GatewayProcess;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    const dex = stack.use(await startDex());
    const { port } = stack.use(await startHostileNotebook());
    gateway = stack.use(await startGateway({ dex, application: port }));
    chromium = stack.use(await startChromium());
  });
  afterAll(() => stack.disposeAsync());
  beforeEach(async () => {
    context = await chromium.browser.newContext();
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const at = (path: string) => gateway.url + path;
  const notebook = (query = '') => at(`${HOSTILE_NOTEBOOK}${query}`);

  /** Posts a form from a script of the notebook; the status of the answer. */
  function fetchForm(path: string, form: Readonly<Record<string, string>>): Promise<unknown> {
    const body = JSON.stringify(new URLSearchParams(form).toString());
    const type = `{ 'Content-Type': 'application/x-www-form-urlencoded' }`;
    const init = `{ method: 'POST', headers: ${type}, body: ${body} }`;
    return page.evaluate(`fetch(${JSON.stringify(path)}, ${init}).then((a) => a.status)`);
  }

  /** A waiting device's code, as it is shown. */
  async function userCode(): Promise<string> {
    const body = new URLSearchParams({ client_id: 'kfgw-cli' });
    const answer = await fetch(at('/oauth2/device_authorization'), { method: 'POST', body });
    const { user_code: code } = (await answer.json()) as { readonly user_code: string };
    return code;
  }

  it.each(['127.0.0.1', '[::1]'])('go back to %s when the person allows them', async (host) => {
    const redirectUri = `http://${host}:49152/callback`;
    const asked = new URLSearchParams({
      ...Object.fromEntries(request),
      redirect_uri: redirectUri,
    });
    await page.goto(at(`/oauth2/authorize?${asked.toString()}`));
    await submitDex(page, kubeflowPerson);
    expect(await page.textContent('dl')).toContain(redirectUri);
    const back = page.waitForRequest((each) => each.url().startsWith(`${redirectUri}?`));
    await page.getByRole('button', { name: 'Allow' }).click();
    const { searchParams } = new URL((await back).url());
    expect([...searchParams.keys()]).toEqual(['code', 'iss']);
    expect((await back).headers()['referer']).toBeUndefined();
  });

  it('are asked for in words that assistive technology finds', async () => {
    await page.goto(at('/oauth2/device'));
    await page.getByLabel('Code').fill(await userCode());
    await page.getByRole('button', { name: 'Continue' }).click();
    await submitDex(page, kubeflowPerson);
    const heading = page.getByRole('heading', { level: 1 });
    expect(await heading.textContent()).toBe('Allow the command line to act as you?');
    expect(await page.getByRole('button').allTextContents()).toEqual(['Allow', 'Refuse']);
    await page.getByRole('button', { name: 'Refuse' }).click();
    expect(await heading.textContent()).toBe('Your device is not signed in');
  });

  it('are allowed by no click of which another window took the first half', async () => {
    await page.goto(at(AUTHORIZE));
    await submitDex(page, kubeflowPerson);
    const allow = page.getByRole('button', { name: 'Allow' });
    await pollUntil('it can be pressed', () => allow.isEnabled());
    await page.evaluate(`dispatchEvent(new Event('blur'))`);
    expect(await allow.isEnabled()).toBe(false);
    await page.evaluate(`dispatchEvent(new Event('focus'))`);
    const focusedAtMs = performance.now();
    await allow.click({ force: true });
    expect(await page.textContent('h1')).toBe('Allow the command line to act as you?');
    await pollUntil('it can be pressed again', () => allow.isEnabled());
    expect(performance.now() - focusedAtMs).toBeGreaterThan(900);
  });

  it('are nothing that a page of the same origin can fetch', async () => {
    await signInAt(page, notebook(), kubeflowPerson);
    for (const path of PAGES) {
      const status = `fetch(${JSON.stringify(path)}, { redirect: 'manual' }).then((a) => a.status)`;
      expect(await page.evaluate(status)).toBe(403);
    }
    const code = await userCode();
    expect(await fetchForm('/oauth2/consent', { ticket: 'x', decision: 'allow' })).toBe(403);
    expect(await fetchForm('/oauth2/device', { user_code: code })).toBe(403);
    const refresh = { client_id: 'kfgw-cli', grant_type: 'refresh_token', refresh_token: 'x' };
    expect(await fetchForm('/oauth2/token', refresh)).toBe(400);
    expect(await fetchForm('/oauth2/device_authorization', { client_id: 'kfgw-cli' })).toBe(400);
  });

  it('are asked for in no frame', async () => {
    await signInAt(page, notebook(), kubeflowPerson);
    for (const path of PAGES) {
      const answered = page.waitForResponse(at(path));
      await page.evaluate(`{
        const frame = document.createElement('iframe');
        frame.src = ${JSON.stringify(path)};
        document.body.append(frame);
      }`);
      expect((await answered).status()).toBe(403);
    }
  });

  it.each(['unsafe-none', 'same-origin'])(
    'are out of reach in a window that a page with the opener policy %s opened',
    async (policy) => {
      await signInAt(page, notebook(`?opener-policy=${policy}`), kubeflowPerson);
      const opened = context.waitForEvent('page');
      await page.evaluate(`window.held = window.open(${JSON.stringify(AUTHORIZE)}); undefined`);
      const popup = await opened;
      await submitDex(popup, kubeflowPerson);
      await popup.getByRole('button', { name: 'Allow' }).waitFor();
      await pollUntil('the window is cut off', async () => {
        return (await page.evaluate('window.held === null || window.held.closed')) === true;
      });
      const press = `new Promise((done) => done(window.held.document.forms[0].submit())).catch(() => 'nothing')`;
      expect(await page.evaluate(press)).toBe('nothing');
      expect(await popup.evaluate('window.opener')).toBeNull();
    },
  );

  it('are allowed by no form of a notebook, whatever it posts', async () => {
    await signInAt(page, notebook(), kubeflowPerson);
    await page.evaluate(`{
      const form = document.createElement('form');
      form.method = 'post';
      form.action = '/oauth2/consent';
      form.innerHTML = '<input name="ticket" value="guessed"><input name="decision" value="allow">';
      document.body.append(form);
      form.submit();
    }`);
    await page.waitForSelector('h1:has-text("This page is too old")');
  });
});
