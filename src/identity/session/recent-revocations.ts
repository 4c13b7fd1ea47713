// Owns the memory of what this replica revoked lately. A store that fails over may have lost a
// tombstone that it had confirmed, so revocations are refused here and repeated to the store.
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';

/** Longer than a failover and the reconnects after it take. */
const REMEMBERED_MS = 10 * MINUTE_MS;

export interface Revocation {
  readonly key: string;
  readonly reason: ReasonCode;
  /** Until when the tombstone must stand, in milliseconds since the epoch. */
  readonly untilMs: number;
}

export class RecentRevocations {
  readonly #clock: Clock;
  /** In the order of revocation, so that the oldest come first. */
  readonly #byKey = new Map<string, Revocation & { readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(revocation: Revocation): void {
    this.#forgetOld();
    this.#byKey.delete(revocation.key);
    this.#byKey.set(revocation.key, { ...revocation, atMs: this.#clock.monotonicMs() });
  }

  /** Why the session was revoked here in the last ten minutes; undefined when it was not. */
  reasonOf(key: string): ReasonCode | undefined {
    return this.#byKey.get(key)?.reason;
  }

  all(): readonly Revocation[] {
    this.#forgetOld();
    return [...this.#byKey.values()];
  }

  #forgetOld(): void {
    const oldestMs = this.#clock.monotonicMs() - REMEMBERED_MS;
    for (const [key, { atMs }] of this.#byKey) {
      if (atMs >= oldestMs) return;
      this.#byKey.delete(key);
    }
  }
}
