import { createServer } from 'node:http';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startChromium } from './chromium.ts';
import { describeWith } from './describe-with.ts';
import { freePort } from './free-port.ts';
import { pollUntil } from './poll-until.ts';

// The processes of a Chromium whose command line names this directory or mark.
async function processesNaming(mark: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes('chromium') && line.includes(mark));
}

describeWith(['chromium'], 'Chromium', () => {
  it('shows a page of a host that only its resolver rules know, and leaves no process', async () => {
    const port = await freePort();
    const server = createServer((request, response) => {
      response.end(`<h1>${request.headers.host ?? ''}</h1>`);
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    const mark = `--kfgw-mark-${port}`;
    const chromium = await startChromium({
      args: ['--host-resolver-rules=MAP kubeflow.example.com 127.0.0.1', mark],
    });
    const page = await chromium.browser.newPage();
    await page.goto(`http://kubeflow.example.com:${port}/`);
    expect(await page.textContent('h1')).toBe(`kubeflow.example.com:${port}`);
    expect(await processesNaming(mark)).not.toEqual([]);
    await chromium.stop();
    await pollUntil('no process is left', async () => (await processesNaming(mark)).length === 0);
    server.close();
  });

  it('dies with a test process that is killed', async () => {
    const mark = `--kfgw-mark-${await freePort()}`;
    const script = `
      import { startChromium } from '${join(import.meta.dirname, 'chromium.ts')}';
      await startChromium({ args: ['${mark}'] });
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'inherit',
    });
    await pollUntil('Chromium runs', async () => (await processesNaming(mark)).length > 0);
    parent.kill('SIGKILL');
    await pollUntil('no process is left', async () => (await processesNaming(mark)).length === 0);
  });
});
