// Owns which issuers are the cluster's own: those that are configured, and what the API server calls itself.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Cluster } from './cluster.ts';

export type IssuerVerdict =
  | { readonly kind: 'own' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unavailable'; readonly retryAfterSec: number };

/** Between two questions that tokens from anybody can cause. */
const COOL_DOWN_MS = 10 * SECOND_MS;
/** Between two questions while there is no answer. */
const RETRY_MS = SECOND_MS;

export interface ClusterIssuersDeps {
  readonly cluster: Pick<Cluster, 'issuer'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The API server is asked only when a token comes whose issuer is none of those that are known. What it
 * once called itself stays good: tokens that it made under that name are still in use, and it is asked
 * about each of them anyway.
 */
export class ClusterIssuers {
  readonly #deps: ClusterIssuersDeps;
  readonly #own: Set<string>;
  #askedMs = Number.NEGATIVE_INFINITY;
  #hasAnswered = true;
  #pending: Promise<void> | undefined;

  constructor(configured: readonly string[], deps: ClusterIssuersDeps) {
    this.#own = new Set(configured);
    this.#deps = deps;
  }

  includes(issuer: unknown): boolean {
    return typeof issuer === 'string' && this.#own.has(issuer);
  }

  /** Never rejects. */
  async judge(issuer: unknown): Promise<IssuerVerdict> {
    if (this.includes(issuer)) return { kind: 'own' };
    const waitMs = this.#hasAnswered ? COOL_DOWN_MS : RETRY_MS;
    if (this.#pending !== undefined || this.#sinceAskedMs() >= waitMs) await this.#ask();
    if (this.includes(issuer)) return { kind: 'own' };
    return this.#hasAnswered ? { kind: 'foreign' } : { kind: 'unavailable', retryAfterSec: 1 };
  }

  #sinceAskedMs(): number {
    return this.#deps.clock.monotonicMs() - this.#askedMs;
  }

  #ask(): Promise<void> {
    this.#pending ??= this.#learn().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #learn(): Promise<void> {
    const { cluster, clock, logger } = this.#deps;
    this.#askedMs = clock.monotonicMs();
    try {
      const named = await cluster.issuer();
      if (named !== undefined) this.#own.add(named);
      this.#hasAnswered = true;
    } catch (error) {
      const problem = errorText(error);
      if (this.#hasAnswered) {
        logger.warn('The API server does not say whose service-account tokens it makes.', {
          problem,
        });
      }
      this.#hasAnswered = false;
    }
  }
}
