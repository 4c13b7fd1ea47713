// Owns the catalogue while the gateway runs: loaded at start, again when a file changes, the last good
// one kept when it cannot be.
import { every, type Cancel, type Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { Misconfigured } from '../../kernel/misconfigured.ts';
import {
  fingerprintOf,
  loadCatalogue,
  readCatalogueFiles,
  type CatalogueFiles,
  type LoadCatalogue,
  type LoadedCatalogue,
} from './catalogue-file.ts';
import type { CatalogueOptions } from './compile-catalogue.ts';
import { strictnessOf, STRICTNESSES } from './lint-catalogue.ts';
import type { CatalogueMatch } from './matched-route.ts';
import { publicPaths } from './public-rows.ts';
import type { RoutedHead, RouteMatcher } from './route-matcher.ts';
import type { RouteRow } from './route-row.ts';

export interface WatchedCatalogueOptions extends CatalogueOptions {
  readonly files: CatalogueFiles;
  readonly pollEveryMs: number;
}

interface WatchedCatalogueDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The catalogue cannot be used at start; the message has a line for each problem. @internal */
export class CatalogueUnusable extends Misconfigured {
  override readonly name = 'CatalogueUnusable';
}

export class WatchedCatalogue implements RouteMatcher {
  readonly #options: WatchedCatalogueOptions;
  readonly #parts: WatchedCatalogueDependencies;
  readonly #listeners = new Set<() => void>();
  readonly #stopPolling: Cancel;
  #current: LoadedCatalogue;
  #fingerprint: string;
  #isBroken = false;

  /** Throws CatalogueUnusable. */
  constructor(options: WatchedCatalogueOptions, parts: WatchedCatalogueDependencies) {
    this.#options = options;
    this.#parts = parts;
    const { fingerprint, loaded } = this.#load();
    if (loaded.kind === 'invalid')
      throw new CatalogueUnusable(
        `the route catalogue cannot be used:\n  ${loaded.problems.join('\n  ')}`,
      );
    this.#fingerprint = fingerprint;
    this.#current = loaded;
    this.#report();
    this.#stopPolling = every(parts.clock, options.pollEveryMs, () => {
      this.reload();
    });
  }

  match(head: RoutedHead): CatalogueMatch {
    return this.#current.matcher.match(head);
  }

  /** The rows in force, in the order of their files. */
  get rows(): readonly RouteRow[] {
    return this.#current.rows;
  }

  /** Takes the files over if they have changed and are sound. Never throws. */
  reload(): void {
    const texts = readCatalogueFiles(this.#options.files);
    const fingerprint = fingerprintOf(texts);
    if (fingerprint !== this.#fingerprint) {
      this.#fingerprint = fingerprint;
      this.#take(loadCatalogue(texts, this.#options));
    }
    if (this.#isBroken)
      this.#parts.metrics.increment('kfgw_reload_failures_total', { file: 'routes' });
  }

  /** Calls `listener` after every change of the rows in force. */
  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    this.#stopPolling();
    this.#listeners.clear();
  }

  #load(): { readonly fingerprint: string; readonly loaded: LoadCatalogue } {
    const texts = readCatalogueFiles(this.#options.files);
    return { fingerprint: fingerprintOf(texts), loaded: loadCatalogue(texts, this.#options) };
  }

  #take(loaded: LoadCatalogue): void {
    this.#isBroken = loaded.kind === 'invalid';
    if (loaded.kind === 'invalid') {
      this.#parts.logger.error(
        'The route catalogue cannot be used; the last good one stays in force.',
        { problems: loaded.problems },
      );
      return;
    }
    this.#current = loaded;
    this.#report();
    for (const listener of this.#listeners) listener();
  }

  #report(): void {
    const { logger, metrics } = this.#parts;
    const { rows, warnings } = this.#current;
    logger.info('The route catalogue is in force.', {
      rows: rows.length,
      public: publicPaths(rows).map(({ path }) => path),
    });
    if (warnings.length > 0)
      logger.warn('Rows of the route catalogue should be looked at.', { warnings });
    for (const demand of STRICTNESSES)
      metrics.set(
        'kfgw_catalogue_rows',
        { demand },
        rows.filter((row) => strictnessOf(row) === demand).length,
      );
  }
}
