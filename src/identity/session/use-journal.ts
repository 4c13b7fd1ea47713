// Owns the last uses of sessions on their way to the store: written back in batches, never per request.
import type { Cancel, Clock } from '../../kernel/clock.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import { chance, type Random } from '../../kernel/random.ts';
import type { RecordStore } from './record-store.ts';

/** Sessions in one write: small enough not to hold up other commands of the store. */
const BATCH = 500;
/** Flushes are this part of the period early at most, so that replicas do not write together. */
const JITTER_PART = 0.2;

interface UseJournalParts {
  readonly store: Pick<RecordStore, 'touchSessions'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly flushMs: number;
}

export class UseJournal {
  readonly #parts: UseJournalParts;
  #uses = new Map<string, number>();
  #cancel: Cancel;
  #flushing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: UseJournalParts) {
    this.#parts = parts;
    this.#cancel = this.#schedule();
  }

  /** Notes a use at `nowMs`, in milliseconds since the epoch. */
  note(key: string, nowMs: number): void {
    this.#uses.set(key, nowMs);
  }

  /** Writes what is noted. What the store does not take stays noted for the next time. */
  async flush(): Promise<void> {
    const uses = [...this.#uses];
    this.#uses = new Map();
    for (let start = 0; start < uses.length; start += BATCH) {
      const batch = uses.slice(start, start + BATCH);
      try {
        await this.#parts.store.touchSessions(new Map(batch));
      } catch (error) {
        this.#parts.logger.warn('Last uses could not be written back yet.', {
          error: errorText(error),
        });
        this.#takeBack(uses.slice(start));
        return;
      }
    }
  }

  /** Stops the timer, waits for a flush under way and writes back once more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#flushing;
    await this.flush();
  }

  #schedule(): Cancel {
    const { clock, flushMs, random } = this.#parts;
    return clock.after(flushMs * (1 - chance(random) * JITTER_PART), () => {
      this.#flushing = this.flush().then(() => {
        if (!this.#isClosed) this.#cancel = this.#schedule();
      });
    });
  }

  #takeBack(uses: readonly (readonly [key: string, usedAtMs: number])[]): void {
    for (const [key, usedAtMs] of uses) {
      if (!this.#uses.has(key)) this.#uses.set(key, usedAtMs);
    }
  }
}
