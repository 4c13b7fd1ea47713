// Signing in with Chromium at the real Dex, through the whole gateway, to an application.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askFrom, openSocketIn, passDex, signInAt } from '../fixtures/chromium-person.ts';
import {
  startEchoApplication,
  valuesOf,
  type Arrival,
  type EchoApplication,
} from '../fixtures/echo-application.ts';
import {
  startGateway,
  type ConfigChanges,
  type GatewayProcess,
} from '../fixtures/gateway-process.ts';
import { kubeflowPerson, ldapPerson } from '../fixtures/scripted-browser.ts';
import { startTlsHop } from '../fixtures/tls-hop.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex, type Dex } from '../neighbours/dex.ts';
import { startLdap } from '../neighbours/ldap.ts';

const HOST = 'kubeflow.example.test';
const jane = ldapPerson('jane');

describeWith(['chromium', 'dex-2.45.1', 'ldap', 'openssl'], 'Chromium at Dex', () => {
  const stack = new AsyncDisposableStack();
  let chromium: Chromium;
  let dex: Dex;
  let application: EchoApplication;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    const ldap = await startLdap({
      users: [{ uid: 'jane', mail: 'jane@example.com' }],
      groups: [
        { name: 'ml-team', members: ['jane'] },
        { name: 'platform', members: ['jane'] },
      ],
    });
    stack.use(ldap);
    dex = stack.use(await startDex({ ldap }));
    application = stack.use(await startEchoApplication());
    gateway = stack.use(await start());
    const args = [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`];
    chromium = stack.use(await startChromium({ args }));
  });
  afterAll(() => stack.disposeAsync());

  const start = (config: ConfigChanges = {}) =>
    startGateway({ dex, application: application.port, config });

  async function newPage(): Promise<Page> {
    const context = await chromium.browser.newContext({ ignoreHTTPSErrors: true });
    stack.defer(() => context.close());
    return context.newPage();
  }

  it('signs a static user in and returns to the deep link with its query', async () => {
    const page = await newPage();
    const link = `${gateway.url}/_/jupyter/?ns=team-a&x=%2Fa%20b`;
    await signInAt(page, link, kubeflowPerson);
    expect(page.url()).toBe(link);
    expect(await page.textContent('#user')).toBe('user@example.com');
    const arrival = await askFrom(page);
    expect(identityOf(arrival)).toEqual({ users: ['user@example.com'], groups: [] });
    for (const name of ['cookie', 'authorization']) expect(valuesOf(arrival, name)).toEqual([]);
  });

  it('signs an LDAP user in, and the application gets the groups', async () => {
    const page = await newPage();
    await signInAt(page, `${gateway.url}/`, jane);
    expect(identityOf(await askFrom(page))).toEqual({
      users: ['jane@example.com'],
      groups: ['ml-team,platform'],
    });
  });

  it('takes five tabs that sign in at once each to its own deep link', async () => {
    const first = await newPage();
    const others = await Promise.all([1, 2, 3, 4].map(() => first.context().newPage()));
    const tabs = [first, ...others].map((page, at) => ({
      page,
      link: `${gateway.url}/tab/${at}?of=${at}`,
    }));
    await Promise.all(tabs.map(({ page, link }) => page.goto(link)));
    await Promise.all(tabs.map(({ page }) => passDex(page, kubeflowPerson)));
    expect(tabs.map(({ page }) => page.url())).toEqual(tabs.map(({ link }) => link));
  });

  it('replaces a session cookie that somebody else planted', async () => {
    const attacker = await newPage();
    await signInAt(attacker, `${gateway.url}/`, kubeflowPerson);
    const planted = await attacker.context().cookies();
    const victim = await newPage();
    await victim.goto(`${gateway.url}/`);
    await victim.context().addCookies(planted);
    await passDex(victim, jane);
    expect(await victim.textContent('#user')).toBe('jane@example.com');
    const [cookie] = (await victim.context().cookies()).filter(({ name }) => name === 'kfgw');
    expect(cookie?.value).toMatch(/./);
    expect(cookie?.value).not.toBe(planted[0]?.value);
    // What was planted is worth nothing any more, to the attacker neither.
    await attacker.goto(`${gateway.url}/`);
    expect(new URL(attacker.url()).pathname).toMatch(/^\/dex\//);
  });

  it('brings the fragment of a deep link back, when it is told to', async () => {
    const oidc = { keepFragment: true };
    await using keeping = await start({ oidc });
    const page = await newPage();
    const link = `${keeping.url}/_/pipeline/?ns=team-a#/runs/details/0f1e?tab=graph`;
    await signInAt(page, link, kubeflowPerson);
    expect(page.url()).toBe(link);
  });

  it('serves a plain-http host for which Chromium sends no Sec-Fetch headers', async () => {
    const page = await newPage();
    const link = `http://${HOST}:${gateway.port}/_/home?a=b`;
    await signInAt(page, link, kubeflowPerson);
    expect(page.url()).toBe(link);
    const arrival = await askFrom(page);
    expect(valuesOf(arrival, 'sec-fetch-mode')).toEqual([]);
    expect(identityOf(arrival).users).toEqual(['user@example.com']);
    const tab = await page.context().newPage();
    await tab.goto(link);
    const socket = await openSocketIn(tab);
    await page.click('#logout');
    expect(await page.textContent('h1')).toBe('You are signed out');
    expect(await socket.closed()).toMatchObject({ code: 4401, reason: 'signed_out' });
  });

  it('sets a Secure cookie for a public https origin behind a plain-http hop', async () => {
    await using hop = await startTlsHop();
    const origin = `https://${HOST}:${hop.port}`;
    await using behind = await start({
      publicOrigins: [origin],
      cookies: { insecureWithoutSecure: false },
      trustedProxies: ['127.0.0.0/8'],
    });
    hop.leadsTo(behind.port);
    const page = await newPage();
    await signInAt(page, `${origin}/deep?link`, kubeflowPerson);
    expect(page.url()).toBe(`${origin}/deep?link`);
    expect(await page.context().cookies()).toMatchObject([
      {
        name: '__Host-kfgw',
        secure: true,
        httpOnly: true,
        sameSite: 'Lax',
        path: '/',
        domain: HOST,
      },
    ]);
    const arrival = await askFrom(page);
    expect(identityOf(arrival).users).toEqual(['user@example.com']);
    expect(valuesOf(arrival, 'x-forwarded-proto')).toEqual(['https']);
    const socket = await openSocketIn(page);
    await page.evaluate(`fetch('/oauth2/sign_out', { method: 'POST' })`);
    expect(await socket.closed()).toMatchObject({ code: 4401, reason: 'signed_out' });
    expect(await page.context().cookies()).toEqual([]);
  });
});

function identityOf(arrival: Arrival) {
  return {
    users: valuesOf(arrival, 'kubeflow-userid'),
    groups: valuesOf(arrival, 'kubeflow-groups'),
  };
}
