// Owns the keys of one issuer: the last good set, and when the issuer is asked for them again.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { readKeySet, type KeySet } from './key-set.ts';
import type { PublicKey } from './public-key.ts';

/** Where keys come from. */
export interface KeySource {
  /** The key set as parsed JSON. Rejects when it cannot be had; has a deadline of its own. */
  readonly load: () => Promise<unknown>;
  /** Milliseconds after which the keys are asked for again: how long one that was withdrawn is believed. */
  readonly renewAfterMs: number;
}

export interface IssuerKeysDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export type KeySearch =
  | { readonly kind: 'found'; readonly keys: readonly PublicKey[] }
  /** The issuer was asked since this name was first seen, and does not have it. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly retryAfterSec: number };

/** Between two questions that tokens from anybody can cause. */
const COOL_DOWN_MS = 10 * SECOND_MS;
/** Between two questions while the issuer does not answer. */
const RETRY_MS = SECOND_MS;
/** Names of keys that are remembered as asked for in vain. */
const MOST_NAMES = 1_000;

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * A key that the set lacks is asked for at once, for whoever comes first; then not again for the
 * cool-down, whatever is asked for. Meanwhile such a name is refused only where the issuer was asked
 * after it had been seen: everybody else may hold a token of a key that is new, and is told to come
 * again. What an issuer that is down had published stays in force.
 */
export class IssuerKeys {
  readonly #issuer: string;
  readonly #source: KeySource;
  readonly #deps: IssuerKeysDependencies;
  #set: KeySet | undefined;
  #triedMs = NEVER;
  #hasFailed = false;
  #coolSinceMs = NEVER;
  #pending: Promise<void> | undefined;
  /** Asked for in vain, oldest first. */
  readonly #missed = new Set<string>();
  /** Those of them that the issuer, asked since, did not have. */
  #unknown: ReadonlySet<string> = new Set();

  /** `issuer` is for logs and metrics. Nothing is asked before the first token comes. */
  constructor(issuer: string, source: KeySource, deps: IssuerKeysDependencies) {
    this.#issuer = issuer;
    this.#source = source;
    this.#deps = deps;
  }

  /** The keys of that name; all for a token that names none. Never rejects. */
  async find(kid: string | undefined): Promise<KeySearch> {
    await this.#renew();
    if (this.#set === undefined) return unavailable(RETRY_MS - this.#sinceMs(this.#triedMs));
    const known = this.#known(kid);
    if (known !== undefined) return known;
    return kid === undefined ? { kind: 'unknown' } : await this.#findNew(kid);
  }

  /** Waits only where there are no keys yet, or where those that there are have become too old. */
  async #renew(): Promise<void> {
    const wasWell = !this.#hasFailed;
    const isDue = this.#sinceMs(this.#triedMs) >= (wasWell ? this.#source.renewAfterMs : RETRY_MS);
    const asked = isDue ? this.#ask() : this.#pending;
    if (this.#set === undefined || (isDue && wasWell)) await asked;
  }

  async #findNew(kid: string): Promise<KeySearch> {
    this.#remember(kid);
    while (this.#pending !== undefined) await this.#pending;
    if (this.#known(kid) === undefined && this.#coolingMs() <= 0) {
      this.#coolSinceMs = this.#deps.clock.monotonicMs();
      await this.#ask();
    }
    const known = this.#known(kid);
    if (known !== undefined) return known;
    return this.#unknown.has(kid) ? { kind: 'unknown' } : unavailable(this.#coolingMs());
  }

  #known(kid: string | undefined): KeySearch | undefined {
    const keys = this.#set?.named(kid) ?? [];
    return keys.length === 0 ? undefined : { kind: 'found', keys };
  }

  #remember(kid: string): void {
    this.#missed.add(kid);
    const [oldest] = this.#missed;
    if (this.#missed.size > MOST_NAMES && oldest !== undefined) this.#missed.delete(oldest);
  }

  #ask(): Promise<void> {
    this.#pending ??= this.#download().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #download(): Promise<void> {
    const missed = [...this.#missed];
    this.#triedMs = this.#deps.clock.monotonicMs();
    try {
      const set = readKeySet(await this.#source.load());
      this.#set = set;
      this.#unknown = new Set(missed.filter((kid) => set.named(kid).length === 0));
      this.#tell(undefined);
    } catch (error) {
      this.#unknown = new Set();
      this.#tell(error);
    }
  }

  /** Counts every question, and logs what changed. */
  #tell(error: unknown): void {
    const { logger, metrics } = this.#deps;
    const issuer = this.#issuer;
    const hasFailed = error !== undefined;
    metrics.increment('kfgw_token_key_fetches_total', {
      issuer,
      result: hasFailed ? 'failed' : 'ok',
    });
    if (hasFailed && !this.#hasFailed) {
      const problem = errorText(error);
      logger.warn('The keys of a token issuer cannot be had.', { issuer, problem });
    }
    if (!hasFailed && this.#hasFailed) {
      logger.info('The keys of a token issuer can be had again.', { issuer });
    }
    this.#hasFailed = hasFailed;
  }

  #coolingMs(): number {
    return COOL_DOWN_MS - this.#sinceMs(this.#coolSinceMs);
  }

  #sinceMs(thenMs: number): number {
    return this.#deps.clock.monotonicMs() - thenMs;
  }
}

function unavailable(waitMs: number): KeySearch {
  return { kind: 'unavailable', retryAfterSec: Math.max(1, Math.ceil(waitMs / SECOND_MS)) };
}
