// Owns the temporary directories of neighbours: one per neighbour, gone when it stops.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './liveness.ts';

const PREFIX = 'kfgw-neighbour-';

/**
 * Makes a directory for one neighbour. Its name carries our process id, so that directories of
 * test processes that were killed are found and removed by whoever comes next.
 */
export async function makeScratchDirectory(name: string): Promise<string> {
  await removeAbandonedDirectories();
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-${name}-`));
}

/** Removes a directory of makeScratchDirectory with everything in it. */
export async function removeScratchDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

async function removeAbandonedDirectories(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    const owner = /^kfgw-neighbour-(\d+)-/.exec(entry)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    // Another user's cannot be removed, and another process may be removing it now.
    await removeScratchDirectory(join(tmpdir(), entry)).catch(() => undefined);
  }
}
