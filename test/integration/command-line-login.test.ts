// Signing in from the command line, end to end: the program on one side, Chromium on the other, the gateway
// and a real Dex between them.
import { readFile, stat } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { submitDex } from '../fixtures/chromium-person.ts';
import { readArrival, startEchoApplication, valuesOf } from '../fixtures/echo-application.ts';
import {
  startGateway,
  type ConfigChanges,
  type GatewayProcess,
} from '../fixtures/gateway-process.ts';
import { Laptop, type LaptopCommand } from '../fixtures/laptop.ts';
import { kubeflowPerson } from '../fixtures/scripted-browser.ts';
import { startTlsHop } from '../fixtures/tls-hop.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex, type Dex } from '../neighbours/dex.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const PROMISED_MS = 1_000;
const ADDRESS = /^ {2}(https?:\S+)$/m;
const USER_CODE = /^ {2}([A-Z]{4}-[A-Z]{4})$/m;

describeWith(['chromium', 'dex-2.45.1', 'openssl'], 'the command line and Chromium', () => {
  const stack = new AsyncDisposableStack();
  let dex: Dex;
  let application: number;
  let chromium: Chromium;
  let gateway: GatewayProcess;
  let laptop: Laptop;
  let page: Page;
  beforeAll(async () => {
    dex = stack.use(await startDex());
    application = stack.use(await startEchoApplication()).port;
    // The shortest: every "token" has to get a new one.
    gateway = stack.use(await start({ tokens: { personal: { accessLifetime: '1m' } } }));
    chromium = stack.use(await startChromium());
  });
  afterAll(() => stack.disposeAsync());
  beforeEach(async () => {
    laptop = await Laptop.start();
    page = await (await chromium.browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  });
  afterEach(async () => {
    await page.context().close();
    await laptop[Symbol.asyncDispose]();
  });

  const start = (config: ConfigChanges) => startGateway({ dex, application, config });

  function login(...more: string[]): LaptopCommand {
    return laptop.start('login', '--url', gateway.url, '--no-browser', ...more);
  }

  /** Goes where the command says and signs in there: then the page asks. */
  async function followTo(command: LaptopCommand): Promise<void> {
    await page.goto(await command.says(ADDRESS));
    await submitDex(page, kubeflowPerson);
    await page.getByRole('button', { name: 'Allow' }).waitFor();
  }

  async function typeCode(userCode: string): Promise<void> {
    await page.goto(`${gateway.url}/oauth2/device`);
    await page.getByRole('textbox').fill(userCode);
    await page.getByRole('button').click();
    await submitDex(page, kubeflowPerson);
    await page.getByRole('button', { name: 'Allow' }).waitFor();
  }

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

  async function printedToken(): Promise<string> {
    const { status, stdout, stderr } = await laptop.run('token');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.trimEnd();
  }

  const ask = (token: string) =>
    fetch(`${gateway.url}/echo`, { headers: { authorization: `Bearer ${token}` } });

  async function whoUses(token: string): Promise<readonly string[]> {
    return valuesOf(readArrival(await (await ask(token)).text()), 'kubeflow-userid');
  }

  async function isRefusedSoon(token: string): Promise<void> {
    const isRefused = async () => (await ask(token)).status === 401;
    await pollUntil('the token is refused', isRefused, { withinMs: PROMISED_MS });
  }

  it('signs in by loopback redirect, prints tokens that work, and signs out', async () => {
    const command = login('--name', 'laptop', '--scope', 'read', '--expires', '12h');
    await followTo(command);
    const asked = await page.textContent('main');
    for (const text of ['kfgw-cli', 'laptop', 'read', 'user@example.com']) {
      expect(asked).toContain(text);
    }
    await press('Allow');
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/);
    expect(await page.textContent('h1')).toBe('You are signed in');
    const ended = await command.ended;
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toContain(`You are signed in at ${gateway.url} as user@example.com.`);
    expect(ended.stdout).not.toMatch(/kfgw[ar]?_/);
    expect((await stat(laptop.credentials)).mode & 0o777).toBe(0o600);

    const token = await printedToken();
    expect(await whoUses(token)).toEqual(['user@example.com']);
    const write = await fetch(`${gateway.url}/echo`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(write.status).toBe(403);

    expect(await laptop.run('logout')).toMatchObject({ status: 0, stderr: '' });
    await isRefusedSoon(token);
    expect(await laptop.run('token')).toMatchObject({ status: 3, stdout: '' });
    expect(await readFile(laptop.credentials, 'utf8')).not.toContain('kfgw');
  });

  it('signs in with a code that is typed in a browser elsewhere', async () => {
    const command = laptop.start('login', '--url', gateway.url, '--device', '--name', 'cluster');
    const userCode = await command.says(USER_CODE);
    expect(await command.says(ADDRESS)).toBe(`${gateway.url}/oauth2/device`);
    await typeCode(userCode.toLowerCase().replace('-', ' '));
    const asked = await page.textContent('main');
    for (const text of ['kfgw-cli', 'cluster', userCode]) expect(asked).toContain(text);
    await press('Allow');
    expect(await command.ended).toMatchObject({ status: 0, stderr: '' });
    expect(await whoUses(await printedToken())).toEqual(['user@example.com']);
  });

  it('ends with 3, and keeps nothing, when the person refuses in either way', async () => {
    const here = login();
    await followTo(here);
    await press('Refuse');
    await page.waitForURL(/\/callback\?/);
    expect(await page.textContent('h1')).toBe('You are not signed in');
    expect(await here.ended).toMatchObject({ status: 3 });
    const there = laptop.start('login', '--url', gateway.url, '--device');
    await typeCode(await there.says(USER_CODE));
    await press('Refuse');
    expect(await there.ended).toMatchObject({ status: 3 });
    await expect(stat(laptop.credentials)).rejects.toThrow('ENOENT');
  });

  it('gets new tokens for scripts that ask at the same time, one after the other', async () => {
    const command = login();
    await followTo(command);
    await press('Allow');
    await command.ended;
    const answers = await Promise.all(Array.from({ length: 4 }, () => printedToken()));
    for (const token of answers) expect(await whoUses(token)).toEqual(['user@example.com']);
    expect(await whoUses(await printedToken())).toEqual(['user@example.com']);
  });

  it('ends when the person revokes the login on the page', async () => {
    const command = login('--name', 'lost laptop');
    await followTo(command);
    await press('Allow');
    await command.ended;
    const token = await printedToken();
    expect(await whoUses(token)).toEqual(['user@example.com']);
    await page.goto(`${gateway.url}/oauth2/tokens`);
    await page.getByRole('button', { name: 'Revoke lost laptop' }).click();
    await page.waitForURL(/\/oauth2\/tokens\?/);
    await isRefusedSoon(token);
    const { status, stdout, stderr } = await laptop.run('token');
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain(`Your login has ended at ${gateway.url}.`);
  });

  it('trusts an authority that it is told, and remembers it', async () => {
    await using hop = await startTlsHop();
    const origin = `https://127.0.0.1:${hop.port}`;
    await using behind = await start({
      publicOrigins: [origin],
      cookies: { insecureWithoutSecure: false },
      trustedProxies: ['127.0.0.0/8'],
      tokens: { personal: { accessLifetime: '1m' } },
    });
    hop.leadsTo(behind.port);
    const untrusted = await laptop.run('login', '--url', origin, '--no-browser');
    expect(untrusted.status).toBe(1);
    expect(untrusted.stderr).toMatch(/certificate[^]*login --ca-file FILE/);
    const command = laptop.start(
      'login',
      '--url',
      origin,
      '--no-browser',
      '--ca-file',
      hop.certFile,
    );
    await followTo(command);
    await press('Allow');
    expect(await command.ended).toMatchObject({ status: 0, stderr: '' });
    expect(await printedToken()).toMatch(/^kfgw/);
    expect(await laptop.run('logout')).toMatchObject({ status: 0, stderr: '' });
  });
});
