// Owns the question whether a process lives.
import { readFileSync } from 'node:fs';

/** True while a process of this id runs; one that ended and was not yet waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the state follows the name, which stands in parentheses and may hold some itself.
    return !/^ [ZX]/.test(status.slice(status.lastIndexOf(')') + 1));
  } catch {
    return false;
  }
}
