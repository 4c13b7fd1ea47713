// A real notebook behind the gateway: Chromium runs a cell in JupyterLab until the RoleBinding goes, and a program
// with a personal token runs code in a kernel until the token is revoked.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signInAt } from '../fixtures/chromium-person.ts';
import {
  bindingOf,
  clusterNeighbours,
  startGatedCluster,
  type GatedCluster,
} from '../fixtures/gated-cluster.ts';
import type { GatewayProcess } from '../fixtures/gateway-process.ts';
import { JupyterProgram } from '../fixtures/jupyter-program.ts';
import { makePersonalToken } from '../fixtures/personal-token.ts';
import { kubeflowPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { kubeflowUser } from '../neighbours/dex-config.ts';
import { startJupyterLab } from '../neighbours/jupyterlab.ts';
import { plainRequest } from '../neighbours/plain-request.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const PREFIX = '/notebook/team-a/lab';
const RUN_WITHIN_MS = 60_000;
const PROMISED_MS = 1_000;
/** Keeps what became of every kernel's WebSocket of the page. */
const WATCH_KERNEL_SOCKETS = `
  window.kernelSockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      if (!/[/]api[/]kernels[/].*[/]channels/.test(this.url)) return;
      const seen = { isOpen: false };
      window.kernelSockets.push(seen);
      this.addEventListener('open', () => { seen.isOpen = true; });
      this.addEventListener('close', ({ code, reason }) => {
        Object.assign(seen, { isOpen: false, code, reason, atMs: Date.now() });
      });
    }
  };`;

interface KernelSocket {
  readonly isOpen: boolean;
  readonly code?: number;
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly atMs?: number;
}

describeWith([...clusterNeighbours, 'jupyterlab-4.5.11', 'chromium'], 'JupyterLab', () => {
  const stack = new AsyncDisposableStack();
  let cluster: GatedCluster;
  let chromium: Chromium;
  beforeAll(async () => {
    const notebooks = { sum: ['print("it is", 6 * 7)'] };
    const lab = stack.use(await startJupyterLab({ prefix: PREFIX, notebooks }));
    cluster = stack.use(await startGatedCluster(lab.port, { namespaces: ['team-a'] }));
    chromium = stack.use(await startChromium());
  });
  afterAll(() => stack.disposeAsync());

  it('runs a cell for a contributor, whose kernel is cut off when the RoleBinding goes', async () => {
    const { server, gateway } = cluster;
    const binding = bindingOf(kubeflowUser.email, 'team-a');
    await server.client.create(binding);
    const page = await chromium.browser.newPage();
    await page.addInitScript(WATCH_KERNEL_SOCKETS);
    await signInAt(page, `${gateway.url}${PREFIX}/lab/tree/sum.ipynb`, kubeflowPerson);
    await runFirstCell(page);
    expect(await page.textContent('.jp-OutputArea-output')).toBe('it is 42\n');
    expect((await kernelSockets(page)).some(({ isOpen }) => isOpen)).toBe(true);

    const deletedAtMs = Date.now();
    await server.client.remove(binding);
    const closed = await pollUntil('the WebSocket of the kernel is closed', async () =>
      (await kernelSockets(page)).find(({ code }) => code === 4403),
    );
    expect((closed.atMs ?? 0) - deletedAtMs).toBeLessThan(PROMISED_MS);
    expect(await statusOf(page, `${PREFIX}/api/kernels`)).toBe(403);
    expect((await kernelSockets(page)).filter(({ isOpen }) => isOpen)).toEqual([]);
  });

  it('runs code for a program with a personal token, whose kernel is cut off when the token is revoked', async () => {
    const { server, gateway } = cluster;
    const binding = bindingOf(kubeflowUser.email, 'team-a');
    await server.client.create(binding);
    using browser = new ScriptedBrowser();
    const choice = { namespaces: 'team-a', classes: 'notebooks' };
    const token = await makePersonalToken(gateway, browser, choice);
    using program = new JupyterProgram(`${gateway.url}${PREFIX}`, token);
    await pollUntil('the binding is known', async () => (await program.get('/api')).status === 200);
    expect((await program.get('/api/contents/sum.ipynb')).body).toContain('print(');
    const kernel = await program.connect(await program.startKernel());
    expect(await kernel.run('print("it is", 6 * 7)')).toBe('it is 42\n');

    const revokedAtMs = performance.now();
    await revoke(gateway, token);
    const { code, reason, atMs } = await kernel.closed;
    expect({ code, reason }).toEqual({ code: 4401, reason: 'token_revoked' });
    expect(atMs - revokedAtMs).toBeLessThan(PROMISED_MS);
    expect((await program.get('/api/kernels')).status).toBe(401);
    await server.client.remove(binding);
  });

  it('is a shell, and no place for a token that may only look', async () => {
    using browser = new ScriptedBrowser();
    const token = await makePersonalToken(cluster.gateway, browser, { effect: 'read' });
    using program = new JupyterProgram(`${cluster.gateway.url}${PREFIX}`, token);
    const answer = await program.get('/api/contents');
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('insufficient_scope');
    await expect(program.connect('any-kernel')).rejects.toThrow('403');
  });
});

/** RFC 7009. */
async function revoke({ url }: GatewayProcess, token: string): Promise<void> {
  const body = new URLSearchParams({ token, client_id: 'kfgw-cli' });
  const { status } = await plainRequest(`${url}/oauth2/revoke`, { method: 'POST', body });
  expect(status).toBe(200);
}

/** JupyterLab starts the kernel that the notebook names; what is run before that is there is not run at all. */
async function runFirstCell(page: Page): Promise<void> {
  await page.waitForSelector('text="Python 3 (ipykernel) | Idle"', { timeout: RUN_WITHIN_MS });
  await page.click('.jp-CodeCell .cm-content');
  await page.keyboard.press('Shift+Enter');
  await page.waitForSelector('.jp-OutputArea-output', { timeout: RUN_WITHIN_MS });
}

async function kernelSockets(page: Page): Promise<readonly KernelSocket[]> {
  return page.evaluate('window.kernelSockets');
}

async function statusOf(page: Page, path: string): Promise<number> {
  return page.evaluate(`fetch(${JSON.stringify(path)}).then(({ status }) => status)`);
}
