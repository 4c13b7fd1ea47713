// Puts load on a proxy with wrk from the other core, and counts what the proxy used for it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OTHER_CORE, type Contestant } from './contestants.ts';
import { cpuMicroseconds } from './process-usage.ts';

const run = promisify(execFile);

export interface Round {
  /** Microseconds of the proxy's user and system time per request. */
  readonly cpuPerRequest: number;
  readonly requestsPerSecond: number;
}

/** One round of `seconds` over 16 kept connections. Throws when any answer is not a success. */
export async function round(target: Contestant, path: string, seconds: number): Promise<Round> {
  const before = cpuMicroseconds(target.pid);
  const { stdout } = await run('taskset', [
    '-c',
    OTHER_CORE,
    'wrk',
    '--threads=1',
    '--connections=16',
    `--duration=${seconds}s`,
    '--timeout=20s',
    `--header=${target.credential}`,
    `${target.url}${path}`,
  ]);
  const used = cpuMicroseconds(target.pid) - before;
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${target.name}: ${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  return { cpuPerRequest: used / requests, requestsPerSecond };
}
