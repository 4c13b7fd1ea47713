// Owns the question whether a process lives.

/** True while a process of this id exists (kill(2), signal 0). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
