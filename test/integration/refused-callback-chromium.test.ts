// The provider's answer to a sign-in that somebody else began, refused before it is read because of a
// notebook's cookies: the code in its address is still good, and that notebook must not see it.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { signInAt, submitDex } from '../fixtures/chromium-person.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { HOSTILE_NOTEBOOK, startHostileNotebook } from '../fixtures/hostile-notebook.ts';
import { kubeflowPerson } from '../fixtures/scripted-browser.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';

/** Cookies of 4 kB: more than `limits.cookieBytes`, and more than node:http parses. */
const COOKIES = { hygiene: 20, 'node:http': 60 };

describeWith(['chromium', 'dex-2.45.1'], 'a callback that is refused unread', () => {
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

  /** A sign-in that whoever made the notebook began elsewhere: they alone have its attempt. */
  async function foreignSignIn(): Promise<string> {
    const elsewhere = await chromium.browser.newContext();
    const begun = await elsewhere.request.get(`${gateway.url}/oauth2/start?rd=/&go=1`, {
      maxRedirects: 0,
    });
    await elsewhere.close();
    return new URL(begun.headers()['location'] ?? '', gateway.url).href;
  }

  it.each(Object.entries(COOKIES))(
    'by %s does not show its address to the page that opened the window',
    async (_by, cookies) => {
      await signInAt(page, gateway.url + HOSTILE_NOTEBOOK, kubeflowPerson);
      const opened = context.waitForEvent('page');
      await page.evaluate(`{
        for (let n = 0; n < ${cookies}; n++)
          document.cookie = 'c' + n + '=' + 'x'.repeat(4000) + '; path=/oauth2/callback';
        window.held = window.open(${JSON.stringify(await foreignSignIn())});
      }`);
      const popup = await opened;
      await submitDex(popup, kubeflowPerson);
      await popup.waitForURL(({ pathname }) => pathname === '/oauth2/callback');
      expect(new URL(popup.url()).searchParams.has('code')).toBe(true);
      const address = `new Promise((read) => read(window.held.location.href)).catch(() => 'nothing')`;
      expect(await page.evaluate(address)).toBe('nothing');
      expect(await page.evaluate('window.held.closed')).toBe(true);
    },
  );
});
