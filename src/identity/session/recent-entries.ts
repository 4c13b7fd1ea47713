// Owns a bounded memory of what this replica did lately, by key.
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';

export interface RecentLimits {
  readonly keepMs: number;
  /** The oldest entries make room. */
  readonly most: number;
}

/** What a replica announced and ended: longer than a failover and the reconnects after it take. */
export const OWN_CHANGES: RecentLimits = { keepMs: 10 * MINUTE_MS, most: 10_000 };

interface Entry<T> {
  readonly value: T;
  readonly atMs: number;
}

export class RecentEntries<T> {
  readonly #clock: Clock;
  readonly #limits: RecentLimits;
  /** In the order of their last addition. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(clock: Clock, limits: RecentLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Remembers from now on; a key that is there already gets the new value and time. */
  add(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, atMs: this.#clock.monotonicMs() });
    this.#forget();
  }

  /** What is remembered, oldest first. */
  list(): readonly (readonly [key: string, value: T])[] {
    this.#forget();
    return [...this.#entries].map(([key, { value }]) => [key, value]);
  }

  #forget(): void {
    const oldestMs = this.#clock.monotonicMs() - this.#limits.keepMs;
    for (const [key, { atMs }] of this.#entries) {
      if (atMs >= oldestMs && this.#entries.size <= this.#limits.most) return;
      this.#entries.delete(key);
    }
  }
}
