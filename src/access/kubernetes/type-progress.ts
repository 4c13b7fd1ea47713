// Owns how far one type is known to be up to date, and what is told of that.
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { WatchedType } from '../rbac/rbac-records.ts';
import type { FaultReason } from './load-failure.ts';

const MISSING_RIGHT = 'A right is missing without which nothing can be decided.';

export interface ProgressTools {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What others may know of it. */
export interface Progress {
  readonly type: WatchedType;
  /** Whether it has ever been loaded completely. */
  readonly isLoaded: boolean;
  /** All that had happened until this monotonic time is in the index. */
  readonly provedMs: number;
  /** What stands in the way, for people; undefined while nothing does. */
  readonly problem: string | undefined;
}

export class TypeProgress implements Progress {
  readonly type: WatchedType;
  readonly #tools: ProgressTools;
  #isLoaded = false;
  #provedMs: number;
  #fault: { readonly reason: FaultReason; readonly problem: string } | undefined;

  constructor(type: WatchedType, tools: ProgressTools) {
    this.type = type;
    this.#tools = tools;
    this.#provedMs = tools.clock.monotonicMs();
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get provedMs(): number {
    return this.#provedMs;
  }

  get problem(): string | undefined {
    return this.#fault?.problem;
  }

  /** `cause` is why it had to be loaded. */
  loaded(asOfMs: number, cause: string, objects: number): void {
    const { logger, metrics } = this.#tools;
    this.#isLoaded = true;
    this.proved(asOfMs);
    metrics.increment('kfgw_rbac_relists_total', { type: this.type, reason: cause });
    logger.info('A type was loaded from the API server.', { type: this.type, cause, objects });
  }

  proved(asOfMs: number): void {
    this.#provedMs = Math.max(this.#provedMs, asOfMs);
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#tools.logger.info('The API server is followed again.', { type: this.type });
  }

  /**
   * One line in the log per cause, until all is well again; `answer` is the server's own words. A
   * server that starts refuses everybody for a moment, so only the first load makes it an error.
   */
  failed(reason: FaultReason, problem: string, answer: string): void {
    const { logger, metrics } = this.#tools;
    const { type } = this;
    metrics.increment('kfgw_rbac_stream_faults_total', { type, reason });
    const fields = { type, reason, problem, answer };
    if (this.#fault?.reason === reason) logger.debug('The API server still fails.', fields);
    else if (reason === 'forbidden' && !this.#isLoaded) logger.error(MISSING_RIGHT, fields);
    else logger.warn('The API server fails.', fields);
    this.#fault = { reason, problem };
  }
}
