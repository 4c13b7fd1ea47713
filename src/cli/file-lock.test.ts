import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { pollUntil } from '../../test/neighbours/poll-until.ts';
import { systemClock, type Clock } from '../kernel/clock.ts';
import { underLock } from './file-lock.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-lock-'));
  path = join(directory, 'lock');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Another process that holds the lock until it is killed. */
async function otherHolder() {
  const moduleUrl = new URL('file-lock.ts', import.meta.url).href;
  const clockUrl = new URL('../kernel/clock.ts', import.meta.url).href;
  const program = `
    const { underLock } = await import(${JSON.stringify(moduleUrl)});
    const { systemClock } = await import(${JSON.stringify(clockUrl)});
    await underLock(${JSON.stringify(path)}, systemClock, () => {
      process.stdout.write('held');
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

describe('the lock', () => {
  test('lets one work after the other, and gives what the work gives', async () => {
    let working = 0;
    const work = async (): Promise<number> => {
      working += 1;
      expect(working).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
      return 7;
    };
    const all = Array.from({ length: 5 }, () => underLock(path, systemClock, work));
    expect(await Promise.all(all)).toEqual([7, 7, 7, 7, 7]);
    expect(statSync(path)).toMatchObject({ size: 0 });
  });

  test('is free again after work that fails', async () => {
    const failing = underLock(path, systemClock, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await underLock(path, systemClock, () => Promise.resolve('done'))).toBe('done');
  });

  test('is held against other processes, and free when its holder is killed', async () => {
    const holder = await otherHolder();
    let isDone = false;
    let pauses = 0;
    const counting: Clock = {
      ...systemClock,
      after(delayMs, run) {
        pauses += 1;
        return systemClock.after(delayMs, run);
      },
    };
    const waiting = underLock(path, counting, () => Promise.resolve((isDone = true)));
    await pollUntil('it has tried three times', () => pauses >= 3);
    expect(isDone).toBe(false);
    await holder.kill();
    expect(await waiting).toBe(true);
  });

  test('is not waited for longer than half a minute', async () => {
    const clock = new FakeClock();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<undefined>();
    const holding = underLock(path, clock, () => {
      begun.resolve(undefined);
      return promise;
    });
    await begun.promise;
    let outcome: unknown;
    const startMs = clock.monotonicMs();
    void underLock(path, clock, () => Promise.resolve()).catch((error: unknown) => {
      outcome = error;
    });
    await pollUntil('the wait ends', async () => {
      await clock.advance(1_000);
      return outcome !== undefined;
    });
    expect(String(outcome)).toContain(`another command has been holding ${path} for 30 s`);
    expect(clock.monotonicMs() - startMs).toBeGreaterThan(30_000);
    resolve(undefined);
    await holding;
  });
});
