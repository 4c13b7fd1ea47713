// Owns policy from a directory of manifests: each complete and valid state of it becomes the index's.
import { watch, type FSWatcher } from 'node:fs';
import { every, pause, type Cancel, type Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { PolicySource, PolicyState } from '../policy-source.ts';
import type { RecordSinks } from '../rbac/record-sink.ts';
import { watchedTypes, type WatchedType } from '../rbac/rbac-records.ts';
import { problemText, putInForce } from './load-manifests.ts';
import { readManifestDirectory, type DirectoryContent } from './manifest-directory.ts';
import type { ManifestProblem } from './manifest-objects.ts';
import { readManifests, type ReadManifests, type RecordLists } from './read-manifests.ts';

/** A changed state counts when it was seen twice, so far apart: editors empty files before they write them. */
const SETTLE_MS = 50;

export interface ManifestsOptions {
  readonly directory: string;
  /** How often the directory is looked at besides; the system's notices can be lost. */
  readonly pollEveryMs: number;
}

export interface ManifestsParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly sinks: RecordSinks;
}

/**
 * Resolves when the directory was read once, whatever it held: `state()` says whether it can be used. An invalid
 * state of it changes nothing, and is told by an error log and a metric. Never rejects.
 */
export async function openManifestsSource(
  options: ManifestsOptions,
  parts: ManifestsParts,
): Promise<PolicySource> {
  const source = new ManifestsSource(options, parts);
  await source.start();
  return source;
}

class ManifestsSource implements PolicySource {
  readonly #options: ManifestsOptions;
  readonly #parts: ManifestsParts;
  readonly #closing = new AbortController();
  #isLoaded = false;
  #problem: string | undefined;
  #lastFingerprint = '';
  #watcher: FSWatcher | undefined;
  #stopPolling: Cancel = () => undefined;
  #looking: Promise<void> | undefined;
  #isDue = false;

  constructor(options: ManifestsOptions, parts: ManifestsParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async start(): Promise<void> {
    // Watched before it is read: whatever changes from here on is noticed.
    this.#watch();
    this.#stopPolling = every(this.#parts.clock, this.#options.pollEveryMs, () => {
      this.#watch();
      this.#look();
    });
    this.#take(await readManifestDirectory(this.#options.directory));
  }

  /** What is in memory is what the directory last held in good order: never stale. */
  state(): PolicyState {
    if (this.#isLoaded) return { kind: 'current' };
    const problem = this.#problem;
    return { kind: 'loading', missing: watchedTypes, ...(problem !== undefined && { problem }) };
  }

  ageMs(): number {
    return 0;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopPolling();
    this.#unwatch();
    await this.#looking;
  }

  /** Where the system cannot watch (no such directory, no watches left), polling does. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(this.#options.directory, { persistent: false }, () => {
        this.#look();
      });
      this.#watcher = watcher;
      watcher.on('error', () => {
        this.#unwatch();
      });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : 'unknown';
      this.#parts.logger.debug('The manifests cannot be watched; they are polled.', { code });
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** One look at a time; what changes during it makes another one due. */
  #look(): void {
    this.#isDue = true;
    this.#looking ??= this.#lookUntilSettled().finally(() => (this.#looking = undefined));
  }

  async #lookUntilSettled(): Promise<void> {
    const { clock } = this.#parts;
    let before: string | undefined;
    while (this.#isDue && !this.#isClosed()) {
      this.#isDue = false;
      const content = await readManifestDirectory(this.#options.directory);
      const now = identityOf(content);
      if (now === this.#lastFingerprint) before = undefined;
      else if (now === before) {
        if (!this.#isClosed()) this.#take(content);
      } else {
        before = now;
        await pause(clock, SETTLE_MS, this.#closing.signal);
        this.#isDue = true;
      }
    }
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #take(content: DirectoryContent): void {
    this.#lastFingerprint = identityOf(content);
    if (content.kind === 'unreadable') {
      // A directory that is made anew is another one to the system.
      this.#unwatch();
      this.#refuse(content.problem, []);
      return;
    }
    const read = readManifests(content.files);
    if (read.kind === 'invalid') this.#refuse(textOf(read.problems), read.problems);
    else this.#apply(read);
  }

  #apply(read: Extract<ReadManifests, { kind: 'read' }>): void {
    putInForce(read.records, this.#parts.sinks);
    this.#isLoaded = true;
    this.#problem = undefined;
    const { logger } = this.#parts;
    for (const remark of read.ignored)
      logger.debug('This object of the manifests decides nothing and is ignored.', { ...remark });
    for (const remark of read.unfilled)
      logger.warn(
        'This aggregated ClusterRole has no rules and grants nothing: manifests need them written out.',
        { ...remark },
      );
    logger.info('The manifests are in force.', countsOf(read.records));
  }

  #refuse(problem: string, problems: readonly ManifestProblem[]): void {
    const { logger, metrics } = this.#parts;
    const { directory } = this.#options;
    this.#problem = problem;
    metrics.increment('kfgw_reload_failures_total', { file: 'manifests' });
    const message = this.#isLoaded
      ? 'The manifests cannot be used; what they said last stays in force.'
      : 'The manifests cannot be used; nobody may do anything until they can.';
    logger.error(message, { directory, problem, ...(problems.length > 0 && { problems }) });
  }
}

function identityOf(content: DirectoryContent): string {
  return content.kind === 'files' ? content.fingerprint : content.problem;
}

/** The first problem in full: the log has them all. */
function textOf(problems: readonly ManifestProblem[]): string {
  const [first, ...others] = problems.map(problemText);
  return `${first ?? 'no problem'}${others.length === 0 ? '' : ` (and ${others.length} more)`}`;
}

function countsOf(records: RecordLists): Record<WatchedType, number> {
  const counts = watchedTypes.map((type) => [type, records[type].length] as const);
  return Object.fromEntries(counts) as Record<WatchedType, number>;
}
