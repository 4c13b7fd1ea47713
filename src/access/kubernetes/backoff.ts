// Owns how long to wait after a failure: longer each time, and not for all replicas the same.
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { chance, type Random } from '../../kernel/random.ts';

const FIRST_MS = 800;
const LONGEST_MS = 30 * SECOND_MS;
/** After so long without a failure the next one counts as the first. */
const FORGET_AFTER_MS = 2 * MINUTE_MS;

/** The delays of Kubernetes' own clients (client-go tools/cache/reflector.go), with full jitter. */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: Random;
  #failures = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** All has been well: the next failure counts as the first. */
  reset(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait after one more failure. */
  nextMs(): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastMs > FORGET_AFTER_MS) this.#failures = 0;
    const ceilingMs = Math.min(FIRST_MS * 2 ** Math.min(this.#failures, 10), LONGEST_MS);
    this.#failures += 1;
    this.#lastMs = nowMs;
    return ceilingMs * chance(this.#random);
  }
}
