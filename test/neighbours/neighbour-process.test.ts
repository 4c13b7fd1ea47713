import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive } from './liveness.ts';
import { NeighbourProcess } from './neighbour-process.ts';
import { pollUntil } from './poll-until.ts';
import { makeScratchDirectory, removeScratchDirectory } from './scratch-directory.ts';

async function startShell(script: string, stopWithinMs = 10_000, readyWithinMs = 5_000) {
  const directory = await makeScratchDirectory('shell');
  const isReady = () => existsSync(join(directory, 'ready'));
  return NeighbourProcess.start({
    ...{ name: 'a shell', command: 'sh', args: ['-c', script], directory },
    ...{ isReady, readyWithinMs, stopWithinMs },
  });
}

describe('a neighbour’s process', () => {
  it('is started in its directory, without our environment, and is the program itself', async () => {
    await using shell = await startShell('env; echo pid $$; touch ready; exec sleep 60');
    expect(shell.logTail()).toContain(`pid ${shell.pid}`);
    expect(shell.logTail()).toMatch(/^HOME=.*kfgw-neighbour-/m);
    expect(shell.logTail()).not.toContain('VITEST');
  });

  it('is killed when it does not heed SIGTERM in time', async () => {
    const shell = await startShell("trap '' TERM; touch ready; while :; do sleep 0.1; done", 200);
    const { pid } = shell;
    await shell.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('can be stopped while it is suspended', async () => {
    const shell = await startShell('touch ready; exec sleep 60');
    shell.suspend();
    await shell.stop();
    expect(shell.isRunning).toBe(false);
  });

  it('reports the end of its log when it ends while starting', async () => {
    await expect(startShell('echo the reason; exit 3')).rejects.toThrow(/the reason/);
  });

  it('is given up, and ended, when it is not ready in time', async () => {
    const directory = await makeScratchDirectory('never');
    const started = NeighbourProcess.start({
      ...{ name: 'never ready', command: 'sh', args: ['-c', 'echo $$; exec sleep 60'] },
      ...{ directory, isReady: () => false, readyWithinMs: 300 },
    });
    const error = await started.catch((reason: unknown) => reason);
    const pid = Number(/(\d+)\s*$/.exec(String(error))?.[1]);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });

  it('reports a program that is not there', async () => {
    const directory = await makeScratchDirectory('absent');
    const started = NeighbourProcess.start({
      ...{ name: 'absent', command: '/no/such/program', args: [], directory },
      isReady: () => false,
    });
    await expect(started).rejects.toThrow(/no such program|No such file/i);
  });

  it('dies with a test process that is killed, and its directory goes at the next start', async () => {
    const script = `
      import { NeighbourProcess } from '${join(import.meta.dirname, 'neighbour-process.ts')}';
      import { makeScratchDirectory } from '${join(import.meta.dirname, 'scratch-directory.ts')}';
      const directory = await makeScratchDirectory('orphan');
      const started = await NeighbourProcess.start({
        name: 'sleep', command: 'sleep', args: ['60'], directory, isReady: () => true });
      console.log(JSON.stringify([started.pid, directory]));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    parent.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [, pid = '', directory = ''] = await pollUntil(
      'the neighbour runs',
      () => /^\[(\d+),"(.*)"\]/.exec(output) ?? undefined,
    );
    expect(isAlive(Number(pid))).toBe(true);
    parent.kill('SIGKILL');
    await pollUntil('the neighbour is gone', () => !isAlive(Number(pid)));
    expect(existsSync(directory)).toBe(true);
    await removeScratchDirectory(await makeScratchDirectory('next'));
    expect(existsSync(directory)).toBe(false);
  });
});
