// Tokens that a person makes at Chromium, and a notebook of the same origin that wants them.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { passDex, signInAt, submitDex } from '../fixtures/chromium-person.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { HOSTILE_NOTEBOOK, startHostileNotebook } from '../fixtures/hostile-notebook.ts';
import { kubeflowPerson } from '../fixtures/scripted-browser.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const PROMISED_MS = 1_000;
const NEW_TOKEN = '/oauth2/tokens/new?name=stolen&expires=1d&effect=write';

describeWith(['chromium', 'dex-2.45.1'], 'personal tokens in Chromium', () => {
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

  /** As a program: no cookie, only the token. */
  async function ask(token: string, path = '/oauth2/userinfo'): Promise<Response> {
    return fetch(at(path), { headers: { authorization: `Bearer ${token}` } });
  }

  /** Fills the form on the list page, signs in for it, and copies the token. */
  async function makeToken(name: string): Promise<string> {
    await page.goto(at('/oauth2/tokens'));
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('Expires').selectOption({ label: 'in 7 days' });
    await page.getByLabel('look and change').check();
    await page.getByRole('button', { name: 'Sign in to make it' }).click();
    await submitDex(page, kubeflowPerson);
    return page.getByLabel('Token', { exact: true }).inputValue();
  }

  async function tokenNames(): Promise<readonly string[]> {
    await page.goto(at('/oauth2/tokens'));
    return page.locator('tbody th').allTextContents();
  }

  async function revokeAll(): Promise<void> {
    await page.goto(at('/oauth2/tokens'));
    while ((await page.getByRole('button', { name: /^Revoke / }).count()) > 0)
      await page
        .getByRole('button', { name: /^Revoke / })
        .first()
        .click();
  }

  it('are made on the page, used by a program, seen in use, revoked, and refused within a second', async () => {
    await signInAt(page, at('/'), kubeflowPerson);
    const token = await makeToken('my laptop');
    expect(token).toMatch(/^kfgw_/);
    const used = await ask(token);
    expect(used.status).toBe(200);
    expect(await used.json()).toMatchObject({ user: 'user@example.com' });
    expect(await (await ask(token, HOSTILE_NOTEBOOK)).text()).toContain('user@example.com');
    const row = page.getByRole('row', { name: 'my laptop' });
    await pollUntil('its use is seen', async () => {
      await page.goto(at('/oauth2/tokens'));
      return !(await row.textContent())?.includes('never');
    });
    await page.getByRole('button', { name: 'Revoke my laptop' }).click();
    await page.waitForURL(/\/oauth2\/tokens\?/);
    const revokedAtMs = performance.now();
    await pollUntil('it is refused', async () => (await ask(token)).status === 401);
    expect(performance.now() - revokedAtMs).toBeLessThan(PROMISED_MS);
    expect(await (await ask(token)).json()).toMatchObject({ code: 'token_revoked' });
    expect(await row.count()).toBe(0);
  });

  it('are shown once, and neither going back nor loading again shows them', async () => {
    await signInAt(page, at('/'), kubeflowPerson);
    const token = await makeToken('once');
    await page.reload();
    expect(await page.textContent('h1')).toContain('too old, was used before');
    await page.goto(at('/oauth2/tokens'));
    await page.goBack();
    expect(await page.content()).not.toContain(token);
    await revokeAll();
  });

  it('need no script', async () => {
    await context.close();
    context = await chromium.browser.newContext({ javaScriptEnabled: false });
    page = await context.newPage();
    await signInAt(page, at('/'), kubeflowPerson);
    const token = await makeToken('plain');
    expect((await ask(token)).status).toBe(200);
    await revokeAll();
    expect(await tokenNames()).toEqual([]);
  });

  it('are nothing that a page of the same origin can fetch', async () => {
    await signInAt(page, notebook(), kubeflowPerson);
    for (const path of ['/oauth2/tokens', NEW_TOKEN, '/oauth2/action?ticket=x']) {
      const answer = await page.evaluate(
        `fetch(${JSON.stringify(path)}, { redirect: 'manual' }).then(async (a) => [a.status, await a.text()])`,
      );
      expect(answer).toEqual([403, expect.stringContaining('top_level_only')]);
    }
    const posted = await page.evaluate(
      `fetch('/oauth2/tokens/revoke', { method: 'POST', body: new URLSearchParams({ ticket: 'x' }) }).then((a) => a.status)`,
    );
    expect(posted).toBe(403);
    const forged = page.evaluate(
      `fetch('/oauth2/tokens', { headers: { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' } }).then((a) => a.status)`,
    );
    expect(await forged).toBe(403);
  });

  it('are shown in no frame', async () => {
    await signInAt(page, notebook(), kubeflowPerson);
    for (const [element, attribute] of [
      ['iframe', 'src'],
      ['embed', 'src'],
      ['object', 'data'],
    ] as const) {
      for (const path of ['/oauth2/tokens', NEW_TOKEN]) {
        const answered = page.waitForResponse(at(path));
        await page.evaluate(`{
          const element = document.createElement('${element}');
          element.${attribute} = ${JSON.stringify(path)};
          document.body.append(element);
        }`);
        expect((await answered).status()).toBe(403);
      }
    }
    const texts =
      await page.evaluate(`Array.from(document.querySelectorAll('iframe, embed, object'), (each) => {
      try {
        return each.contentDocument?.body.innerText ?? '';
      } catch {
        return '';
      }
    }).join()`);
    expect(texts).not.toMatch(/Your tokens|Sign in/);
  });

  it('are nothing that a service worker of a notebook comes by', async () => {
    await signInAt(page, notebook(), kubeflowPerson);
    const wide = page.evaluate(`navigator.serviceWorker.register('worker.js', { scope: '/' })`);
    await expect(wide).rejects.toThrow('SecurityError');
    await page.evaluate(
      `navigator.serviceWorker.register('worker.js').then(() => navigator.serviceWorker.ready).then(() => true)`,
    );
    for (const path of ['/oauth2/tokens', NEW_TOKEN]) {
      await page.goto(notebook(`?steal=${encodeURIComponent(path)}`));
      expect(await page.content()).toContain('top_level_only');
    }
    await page.goto(at('/oauth2/tokens'));
    expect(await page.textContent('h1')).toBe('Your tokens');
  });

  const policies = ['unsafe-none', 'same-origin', 'same-origin-allow-popups'];
  const ways = {
    'opened at once': (path: string) => `window.held = window.open(${JSON.stringify(path)})`,
    'opened empty and sent there': (path: string) =>
      `window.held = window.open('about:blank'); window.held.location = ${JSON.stringify(path)}`,
    'opened at a page of its own and sent there': (path: string) => `new Promise((sent) => {
      window.held = window.open(location.href);
      const timer = setInterval(() => {
        if (window.held.document.readyState !== 'complete' || window.held.location.href === 'about:blank') return;
        clearInterval(timer);
        sent(window.held.location = ${JSON.stringify(path)});
      }, 10);
    })`,
  };
  /** To the page that opened it, a window that was cut off looks as if it had been closed. */
  async function expectCutOff(popup: Page): Promise<void> {
    await pollUntil('the window is cut off', async () => {
      return (await page.evaluate('window.held === null || window.held.closed')) === true;
    });
    const reading = `new Promise((read) => read(window.held.document.body.innerText)).catch(() => 'nothing')`;
    expect(await page.evaluate(reading)).toBe('nothing');
    expect(await popup.evaluate('window.opener')).toBeNull();
  }

  it.each(policies)(
    'are out of reach in a window that a page with the opener policy %s opens',
    async (policy) => {
      await signInAt(page, notebook(`?opener-policy=${policy}`), kubeflowPerson);
      for (const open of Object.values(ways)) {
        const opened = context.waitForEvent('page');
        await page.evaluate(`${open('/oauth2/tokens')}; undefined`);
        const popup = await opened;
        await popup.getByRole('heading', { name: 'Your tokens' }).waitFor();
        await expectCutOff(popup);
        await popup.close();
      }
    },
  );

  it('would be within reach by the policy of the page alone: a page without our redirect is', async () => {
    await signInAt(page, notebook('?opener-policy=same-origin'), kubeflowPerson);
    const opened = context.waitForEvent('page');
    await page.evaluate(`${ways['opened at once']('/oauth2/sign_in')}; undefined`);
    const popup = await opened;
    await popup.getByRole('heading', { name: 'Sign in to Kubeflow' }).waitFor();
    const read = await page.evaluate('window.held.document.body.innerText');
    expect(read).toContain('Sign in to Kubeflow');
  });

  it.each(['unsafe-none', 'same-origin'])(
    'made in a window that a page with the opener policy %s opened are out of its reach',
    async (policy) => {
      await signInAt(page, notebook(`?opener-policy=${policy}`), kubeflowPerson);
      const opened = context.waitForEvent('page');
      await page.evaluate(`window.held = window.open(${JSON.stringify(NEW_TOKEN)}); undefined`);
      const popup = await opened;
      await submitDex(popup, kubeflowPerson);
      const token = await popup.getByLabel('Token', { exact: true }).inputValue();
      expect((await ask(token)).status).toBe(200);
      await expectCutOff(popup);
      await revokeAll();
    },
  );

  /** The provider's answer to a sign-in for a token, which a script got hold of in the browser's place. */
  async function stolenCallback(): Promise<string> {
    const victim = await context.newPage();
    await victim.goto(at(NEW_TOKEN));
    await victim.waitForSelector('#login');
    const { login, password } = kubeflowPerson;
    const once = { maxRedirects: 0 };
    let answer = await context.request.post(victim.url(), { ...once, form: { login, password } });
    await victim.close();
    for (;;) {
      const location = new URL(answer.headers()['location'] ?? '', gateway.url);
      if (location.pathname === '/oauth2/callback') return location.href;
      if (!location.pathname.startsWith('/dex/'))
        throw new Error(`it went to ${location.pathname}`);
      answer = await context.request.get(location.href, once);
    }
  }

  it('are not made for a script that gets hold of the callback', async () => {
    await signInAt(page, notebook(), kubeflowPerson);
    const callback = JSON.stringify(await stolenCallback());
    expect(await page.evaluate(`fetch(${callback}).then((a) => a.status)`)).toBe(403);
    expect(await tokenNames()).toEqual([]);
  });

  it('are out of reach for a page that opens the callback, whatever its opener policy', async () => {
    for (const policy of policies) {
      await page.goto(notebook(`?opener-policy=${policy}`));
      if (new URL(page.url()).pathname.startsWith('/dex/')) await passDex(page, kubeflowPerson);
      const callback = JSON.stringify(await stolenCallback());
      const opened = context.waitForEvent('page');
      await page.evaluate(`window.held = window.open(${callback}); undefined`);
      const popup = await opened;
      await popup.getByRole('heading', { name: 'Your new token' }).waitFor();
      await expectCutOff(popup);
      await popup.close();
    }
    await revokeAll();
  });

  it('are not revoked by a form of a notebook', async () => {
    await signInAt(page, at('/'), kubeflowPerson);
    const token = await makeToken('kept');
    await page.goto(notebook());
    await page.evaluate(`{
      const form = document.createElement('form');
      form.method = 'post';
      form.action = '/oauth2/tokens/revoke';
      form.innerHTML = '<input name="ticket" value="guessed">';
      document.body.append(form);
      form.submit();
    }`);
    await page.waitForSelector('h1:has-text("This page is too old")');
    expect((await ask(token)).status).toBe(200);
    await revokeAll();
  });

  it('are seen by whoever signs in on the way', async () => {
    await page.goto(at('/oauth2/tokens'));
    await submitDex(page, kubeflowPerson);
    await page.getByRole('heading', { name: 'Your tokens' }).waitFor();
  });

  it('are made after a new sign-in only, although there is a session', async () => {
    await signInAt(page, at('/'), kubeflowPerson);
    await page.goto(at(NEW_TOKEN));
    await page.waitForURL(/\/dex\//);
    expect(await tokenNames()).toEqual([]);
  });
});
