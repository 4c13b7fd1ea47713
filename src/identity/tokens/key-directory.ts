// Owns the keys of a mounted directory while the gateway runs: read at start, read again when asked
// and by polling, the last good ones kept when a reading fails.
import { every, type Cancel, type Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { Misconfigured } from '../../kernel/misconfigured.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { readKeyFiles } from './key-files.ts';
import { KeyRing, type KeyDelays, type KeySet } from './key-ring.ts';

export interface KeyDirectoryOptions extends KeyDelays {
  readonly directory: string;
  readonly pollEveryMs: number;
}

interface KeyDirectoryDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The directory cannot be used at start; the message names every file that is wrong. */
class KeysUnreadable extends Misconfigured {
  override readonly name = 'KeysUnreadable';
}

export class KeyDirectory {
  readonly ring: KeyRing;
  readonly #directory: string;
  readonly #parts: KeyDirectoryDependencies;
  readonly #stopPolling: Cancel;
  #lastProblem: string | undefined = undefined;
  #reading: Promise<void> | undefined = undefined;

  private constructor(keys: KeySet, options: KeyDirectoryOptions, parts: KeyDirectoryDependencies) {
    this.ring = new KeyRing(keys, options, parts.clock);
    this.#directory = options.directory;
    this.#parts = parts;
    this.#report();
    this.#stopPolling = every(parts.clock, options.pollEveryMs, () => void this.reload());
  }

  /** Rejects with KeysUnreadable when the directory holds anything but keys, or too few. */
  static async open(
    options: KeyDirectoryOptions,
    parts: KeyDirectoryDependencies,
  ): Promise<KeyDirectory> {
    const read = await readKeyFiles(options.directory);
    if (read.kind === 'invalid')
      throw new KeysUnreadable(`keys.directory ${options.directory}: ${read.problems.join('; ')}`);
    return new KeyDirectory(read.keys, options, parts);
  }

  /** Reads the directory again; one reading at a time. Never rejects. */
  reload(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  close(): void {
    this.#stopPolling();
  }

  async #read(): Promise<void> {
    const read = await readKeyFiles(this.#directory);
    if (read.kind === 'read') this.ring.replaceKeys(read.keys);
    this.#note(read.kind === 'read' ? undefined : read.problems.join('; '));
    this.#report();
  }

  /** One line when reading begins to fail, fails differently, or heals; the metric counts each failure. */
  #note(problem: string | undefined): void {
    const { logger, metrics } = this.#parts;
    if (problem !== undefined) metrics.increment('kfgw_reload_failures_total', { file: 'keys' });
    if (problem === this.#lastProblem) return;
    this.#lastProblem = problem;
    if (problem === undefined) logger.info('The key directory can be read again.');
    else
      logger.error('The key directory cannot be read; the last good keys stay in force.', {
        problem,
      });
  }

  #report(): void {
    const states = this.ring.signingKeys().map(({ state }) => state);
    for (const state of ['published', 'signing', 'retired'] as const)
      this.#parts.metrics.set(
        'kfgw_signing_keys',
        { state },
        states.filter((each) => each === state).length,
      );
  }
}
