// The gateway's pages as Chromium shows them, in front of the demo's provider and applications.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startDemo, type Demo } from '../../demo/start-demo.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { freePort } from '../neighbours/free-port.ts';

describeWith(['chromium'], 'the pages in Chromium', () => {
  let chromium: Chromium;
  let demo: Demo;
  let context: BrowserContext;
  let page: Page;
  /** What the browser complains about: blocked by policy, not found, thrown by a script. */
  let complaints: string[];

  beforeAll(async () => {
    chromium = await startChromium();
    const env = { KFGW_OIDC__KEEP_FRAGMENT: 'true', KFGW_LOGGING__LEVEL: 'error' };
    demo = await startDemo(await freePort(), env);
  });
  afterAll(async () => {
    await demo.stop();
    await chromium.stop();
  });
  beforeEach(() => open({}));
  afterEach(() => context.close());

  async function open(options: { javaScriptEnabled?: boolean }): Promise<void> {
    context = await chromium.browser.newContext(options);
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  }

  async function fillForm(): Promise<void> {
    await page.fill('input[name=login]', 'user@example.com');
    await page.fill('input[name=password]', '12341234');
    await page.press('input[name=password]', 'Enter');
    await page.waitForSelector('#user');
  }

  async function sessionCookies(): Promise<readonly string[]> {
    return (await context.cookies()).filter(({ name }) => name === 'kfgw').map(({ name }) => name);
  }

  it('return to a deep link with its fragment', async () => {
    await page.goto(`${demo.url}/?ns=a#/runs/details/1?x=%20y`);
    await fillForm();
    expect(page.url()).toBe(`${demo.url}/?ns=a#/runs/details/1?x=%20y`);
    expect(complaints).toEqual([]);
  });

  it('return to a deep link without scripts, without the fragment', async () => {
    await context.close();
    await open({ javaScriptEnabled: false });
    await page.goto(`${demo.url}/?ns=a#/runs/1`);
    await page.waitForSelector('input[name=login]');
    await fillForm();
    expect(new URL(page.url()).search).toBe('?ns=a');
  });

  it("sign out by a link of an application's page", async () => {
    await page.goto(demo.url);
    await fillForm();
    await page.click('text=Sign out');
    await page.waitForSelector('h1:has-text("You are signed out")');
    expect(await sessionCookies()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('ask before a typed address signs out, and can be used by keyboard', async () => {
    await page.goto(demo.url);
    await fillForm();
    await page.goto(`${demo.url}/oauth2/sign_out?rd=%2Foauth2%2Fuserinfo`);
    expect(await page.textContent('h1')).toBe('Do you want to sign out?');
    expect(await sessionCookies()).toEqual(['kfgw']);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Sign out');
    await Promise.all([page.waitForURL('**/oauth2/userinfo'), page.keyboard.press('Enter')]);
    expect(await sessionCookies()).toEqual([]);
  });

  it('ask before a link on another site signs out', async () => {
    await page.goto(demo.url);
    await fillForm();
    const elsewhere = demo.url.replace('localhost', '127.0.0.1');
    await page.route(`${elsewhere}/evil`, (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<a href="${demo.url}/logout">prize</a><form method=post action="${demo.url}/oauth2/sign_out"><button>win</button></form>`,
      }),
    );
    for (const bait of ['text=prize', 'text=win']) {
      await page.goto(`${elsewhere}/evil`);
      await page.click(bait);
      await page.waitForURL(`${demo.url}/**`);
      expect(await sessionCookies()).toEqual(['kfgw']);
      expect((await page.request.get(`${demo.url}/oauth2/userinfo`)).status()).toBe(200);
    }
  });

  it('make a token behind a new sign-in, and list it', async () => {
    await page.goto(demo.url);
    await fillForm();
    await page.click('text=make a token for programs');
    await page.getByLabel('Name', { exact: true }).fill('my program');
    await page.click('text=Sign in to make it');
    await page.fill('input[name=login]', 'viewer@example.com');
    await page.fill('input[name=password]', '12341234');
    await page.press('input[name=password]', 'Enter');
    const token = await page.getByLabel('Token', { exact: true }).inputValue();
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${demo.url}/oauth2/userinfo`, { headers });
    expect(await answer.json()).toMatchObject({ user: 'viewer@example.com', scope: 'read' });
    await page.click('text=Your tokens');
    expect(await page.getByRole('rowheader').allTextContents()).toEqual(['my program']);
    expect(complaints).toEqual([]);
  });

  it('lead from a frame to a sign-in of the whole window', async () => {
    await page.goto(demo.url);
    await fillForm();
    await context.clearCookies();
    await page.evaluate(`
      const frame = document.createElement('iframe');
      frame.src = '/?in=frame';
      document.body.append(frame);
    `);
    const link = page.frameLocator('iframe').locator('a');
    await link.click();
    await page.waitForSelector('input[name=login]');
    expect(page.frames()).toHaveLength(1);
    await fillForm();
    expect(page.url()).toBe(`${demo.url}/?in=frame`);
  });

  it('are shown with their style in both colour schemes', async () => {
    const background = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${demo.url}/oauth2/sign_in`);
    expect(await background()).toBe('rgb(244, 246, 248)');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background()).toBe('rgb(20, 24, 29)');
    expect(complaints).toEqual([]);
  });
});
