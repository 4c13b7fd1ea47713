// Owns one neighbour's operating system process: its start, its signals and its end.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { listensOn } from './listening-port.ts';
import { pollUntil } from './poll-until.ts';
import { makeScratchDirectory, removeScratchDirectory } from './scratch-directory.ts';

const LOG_LINES_KEPT = 400;

/** What is needed to start a neighbour, and to start it again with the same files and ports. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The port that the process itself must listen on before it is asked. */
  readonly port?: number;
  /** True as soon as the neighbour answers; throwing means not yet. */
  readonly isReady: () => boolean | Promise<boolean>;
  readonly readyWithinMs?: number;
  /** How long SIGTERM may take before SIGKILL. */
  readonly stopWithinMs?: number;
  /** Hears every line that it writes; `logTail` keeps only the last ones. */
  readonly onLine?: (line: string) => void;
}

/**
 * A running neighbour. `setpriv --pdeathsig KILL` makes the kernel end it when the process that
 * started it dies, however that dies (prctl(2), PR_SET_PDEATHSIG), so `pid` is the neighbour's own.
 */
export class NeighbourProcess implements AsyncDisposable {
  readonly #spec: ProcessSpec;
  readonly #log: string[] = [];
  #child: ChildProcess;

  private constructor(spec: ProcessSpec) {
    this.#spec = spec;
    this.#child = this.#spawn();
  }

  /** Starts a neighbour and waits until it answers. Rejects with the end of its log. */
  static async start(spec: ProcessSpec): Promise<NeighbourProcess> {
    const started = new NeighbourProcess(spec);
    await started.#waitUntilReady();
    return started;
  }

  /** The neighbour's process id (of its latest start). */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#spec.name} did not start`);
    return this.#child.pid;
  }

  get isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** The status that it ended with; null while it runs, or when a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** What the neighbour last wrote to its standard output and error, over all its starts. */
  logTail(lines = 40): string {
    return this.#log.slice(-lines).join('\n');
  }

  /** Freezes the neighbour: its connections stay open and nothing answers. */
  suspend(): void {
    this.#child.kill('SIGSTOP');
  }

  /** Lets a suspended neighbour go on. */
  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the process and keeps its files and ports for restart(). */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    this.resume();
    const inTime = await endsWithin(ended, this.#spec.stopWithinMs ?? 10_000);
    if (inTime) return;
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Starts an ended neighbour again, with the same command, files and ports. */
  async restart(): Promise<void> {
    await this.end();
    this.#child = this.#spawn();
    await this.#waitUntilReady();
  }

  /** Ends the process and removes its directory. May be called twice. */
  async stop(): Promise<void> {
    await this.end();
    await removeScratchDirectory(this.#spec.directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #spawn(): ChildProcess {
    const { command, args, directory, env } = this.#spec;
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
      cwd: directory,
      // Nothing of the developer's own environment: DEX_…, OAUTH2_PROXY_… would change neighbours.
      env: { PATH: process.env['PATH'], HOME: directory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.on('error', (error) => this.#remember(String(error)));
    this.#listenTo(child.stdout);
    this.#listenTo(child.stderr);
    return child;
  }

  #listenTo(output: Readable): void {
    createInterface({ input: output }).on('line', (line) => this.#remember(line));
  }

  #remember(line: string): void {
    if (line === '') return;
    this.#spec.onLine?.(line);
    this.#log.push(line);
    this.#log.splice(0, this.#log.length - LOG_LINES_KEPT);
  }

  async #listens(): Promise<boolean> {
    return this.#spec.port === undefined || listensOn(this.pid, this.#spec.port);
  }

  async #waitUntilReady(): Promise<void> {
    const { name, isReady, readyWithinMs = 20_000 } = this.#spec;
    try {
      await pollUntil(
        `${name} answers`,
        async () => !this.isRunning || ((await this.#listens()) && (await isReady())),
        {
          withinMs: readyWithinMs,
        },
      );
      if (!this.isRunning) throw new Error(`${name} ended while starting`);
    } catch (error) {
      const log = this.logTail();
      await this.stop();
      throw new Error(`${name} did not start; its log ends with:\n${log}`, { cause: error });
    }
  }
}

/** Makes a directory and starts what is described for it; removes the directory when that fails. */
export async function startInScratchDirectory<T>(
  name: string,
  start: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await makeScratchDirectory(name);
  try {
    return await start(directory);
  } catch (error) {
    await removeScratchDirectory(directory);
    throw error;
  }
}

async function endsWithin(ended: Promise<unknown>, withinMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(withinMs, false, { signal: timer.signal, ref: false }).catch(() => false);
  const inTime = await Promise.race([ended.then(() => true), late]);
  timer.abort();
  return inTime;
}
