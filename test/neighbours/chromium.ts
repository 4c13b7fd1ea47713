// Owns starting Chromium, driven by playwright-core.
import { chromium, type Browser } from 'playwright-core';
import { installedProgram } from './catalogue.ts';
import { startInScratchDirectory } from './neighbour-process.ts';
import { removeScratchDirectory } from './scratch-directory.ts';

// --no-sandbox: tests run as root in containers. The rest keeps the browser from asking anybody
// but the pages under test.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A running Chromium. */
export interface Chromium extends AsyncDisposable {
  readonly browser: Browser;
  stop(): Promise<void>;
}

/**
 * Starts a headless Chromium. Further arguments are, for example,
 * `--host-resolver-rules=MAP kubeflow.example.com 127.0.0.1`.
 */
export async function startChromium(
  options: { readonly args?: readonly string[] } = {},
): Promise<Chromium> {
  return startInScratchDirectory('chromium', async (home) => {
    const browser = await chromium.launch({
      executablePath: installedProgram('chromium'),
      args: [...ARGS, ...(options.args ?? [])],
      env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home },
    });
    const stop = async (): Promise<void> => {
      await browser.close();
      await removeScratchDirectory(home);
    };
    return { browser, stop, [Symbol.asyncDispose]: stop };
  });
}
