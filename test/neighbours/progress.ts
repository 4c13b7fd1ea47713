// Owns the lines that tell a person what is being installed or built.

/** Writes one line to standard error. */
export function report(line: string): void {
  process.stderr.write(`[neighbours] ${line}\n`);
}

/** Reports the start, the end and the seconds between of work that takes long. */
export async function reportWork<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  report(`${what} …`);
  try {
    const result = await work();
    report(`${what}: done in ${seconds()}`);
    return result;
  } catch (error) {
    report(`${what}: failed after ${seconds()}`);
    throw error;
  }
}
