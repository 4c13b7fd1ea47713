import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './catalogue.ts';
import { describeWith } from './describe-with.ts';
import { pollUntil } from './poll-until.ts';
import { runProgram } from './run-program.ts';
import { makeScratchDirectory, removeScratchDirectory } from './scratch-directory.ts';

let cache = '';
let goCache = '';
beforeAll(async () => {
  cache = await makeScratchDirectory('cache');
  goCache = (await runProgram('go', ['env', 'GOCACHE'])).trim();
});
afterAll(() => removeScratchDirectory(cache));

const modulePath = (name: string) => join(import.meta.dirname, name);

// The cache's place is read once per process: other places need other processes. Go's own cache
// stays where it is, so that the build is a link and not a compilation.
function runWithCache(script: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, XDG_CACHE_HOME: cache, GOCACHE: goCache },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return { child, stdout: text(child.stdout), stderr: text(child.stderr) };
}

describeWith(['etcd-3.6.16'], 'a Go neighbour', () => {
  it('is taken from the cache when it is there', async () => {
    const path = await ensureBuilt('etcd-3.6.16');
    expect(path).toMatch(/kubeflow-auth-gateway\/etcd-3\.6\.16-[0-9a-f]{16}\/etcd-3\.6\.16$/);
    expect(existsSync(path)).toBe(true);
  });

  it('is built once by two processes that want it at once, and a broken-off build is removed', async () => {
    const brokenOff = join(cache, 'kubeflow-auth-gateway', 'building-left-over');
    await mkdir(brokenOff, { recursive: true });
    const script = `
      import { ensureBuilt } from '${modulePath('catalogue.ts')}';
      console.log(await ensureBuilt('etcd-3.6.16'));`;
    const runs = [runWithCache(script), runWithCache(script)];
    const paths = await Promise.all(runs.map((run) => run.stdout));
    const lines = (await Promise.all(runs.map((run) => run.stderr))).join('');
    expect(lines.match(/build etcd-3\.6\.16: done in/g)).toHaveLength(1);
    expect(new Set(paths).size).toBe(1);
    const entries = await readdir(join(cache, 'kubeflow-auth-gateway'));
    expect(entries.filter((entry) => entry.startsWith('building-'))).toEqual([]);
  }, 600_000);
});

describe('the machine lock', () => {
  const script = `
    import { withMachineLock } from '${modulePath('machine-lock.ts')}';
    import { once } from 'node:events';
    await withMachineLock(async () => { console.log('held'); await once(process.stdin, 'close'); });`;

  it('is held by one process at a time, and free again when its holder was killed', async () => {
    const first = spawnHolder();
    await pollUntil('the first holds it', first.holds);
    const second = spawnHolder();
    await expect(
      pollUntil('the second holds it', second.holds, { withinMs: 700 }),
    ).rejects.toThrow();
    first.child.kill('SIGKILL');
    await pollUntil('the second holds it', second.holds);
    second.child.kill('SIGKILL');
  });

  function spawnHolder() {
    const { child } = runWithCache(script);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, holds: () => output.includes('held') };
  }
});
