// A real notebook behind the gateway: Chromium runs a cell in JupyterLab, until the RoleBinding goes.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signInAt } from '../fixtures/chromium-person.ts';
import {
  bindingOf,
  clusterNeighbours,
  startGatedCluster,
  type GatedCluster,
} from '../fixtures/gated-cluster.ts';
import { kubeflowPerson } from '../fixtures/scripted-browser.ts';
import { startChromium, type Chromium } from '../neighbours/chromium.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { kubeflowUser } from '../neighbours/dex-config.ts';
import { startJupyterLab } from '../neighbours/jupyterlab.ts';
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
});

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
