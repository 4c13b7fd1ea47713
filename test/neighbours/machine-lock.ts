// Owns the one lock of this machine under which neighbours are built and packages installed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';

/**
 * Runs the work while no other process of this machine runs any under the same lock. The lock is
 * flock(2), held by a child that ends at the end of its standard input: whatever happens to us, the
 * kernel gives it free.
 */
export async function withMachineLock<T>(work: () => Promise<T>): Promise<T> {
  await mkdir(cacheDirectory, { recursive: true });
  const lockFile = join(cacheDirectory, 'lock');
  const holder = spawn('flock', [lockFile, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  const held = once(holder.stdout, 'data').then(() => true);
  if (!(await Promise.race([held, ended.then(() => false)]))) {
    throw new Error(`flock could not lock ${lockFile}`);
  }
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
