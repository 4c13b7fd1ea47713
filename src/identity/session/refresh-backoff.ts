// Owns the pauses between refreshes of a person's claims that did not come about.
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { chance, type Random } from '../../kernel/random.ts';

const FIRST_PAUSE_MS = 10 * SECOND_MS;
const LONGEST_PAUSE_MS = 10 * MINUTE_MS;
/** Bounds memory while the provider is down: beyond it the oldest pause is forgotten. */
const MOST_PERSONS = 100_000;

interface Pause {
  readonly failures: number;
  readonly untilMs: number;
}

export class RefreshBackoff {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pauses = new Map<string, Pause>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  isPaused(person: string): boolean {
    return (this.#pauses.get(person)?.untilMs ?? 0) > this.#clock.monotonicMs();
  }

  /** Doubles the pause with every failure, and spreads it by up to a half. */
  failed(person: string): void {
    const failures = (this.#pauses.get(person)?.failures ?? 0) + 1;
    const wantedMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    const untilMs = this.#clock.monotonicMs() + wantedMs * (0.5 + chance(this.#random) / 2);
    this.#pauses.delete(person);
    this.#pauses.set(person, { failures, untilMs });
    if (this.#pauses.size > MOST_PERSONS) this.#forgetOldest();
  }

  succeeded(person: string): void {
    this.#pauses.delete(person);
  }

  #forgetOldest(): void {
    for (const oldest of this.#pauses.keys()) {
      this.#pauses.delete(oldest);
      return;
    }
  }
}
