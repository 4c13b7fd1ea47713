// Owns mutual exclusion between commands of one user: two that refresh at once would use a refresh token twice.
import { DatabaseSync } from 'node:sqlite';
import { pause, type Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';

/** Longer than one holder needs for what it asks the gateway. */
const WAIT_MS = 30 * SECOND_MS;
const RETRY_MS = 50;
/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * Runs `work` while no other process runs its own under the same `path`, a file that is made and stays
 * empty. Node has no flock(2); an SQLite transaction takes such a lock on every system, and the kernel
 * lets go of it when its holder dies, so that none is ever left behind. Rejects when
 * it is not free after 30 s, and with what opening the file or `work` throws.
 */
export async function underLock<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    const lateMs = clock.monotonicMs() + WAIT_MS;
    while (!isTaken(lock)) {
      if (clock.monotonicMs() > lateMs) {
        throw new Error(`another command has been holding ${path} for ${WAIT_MS / SECOND_MS} s`);
      }
      await pause(clock, RETRY_MS);
    }
    return await work();
  } finally {
    lock.close();
  }
}

function isTaken(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
