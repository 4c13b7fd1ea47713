// Owns the listeners of a change channel: each hears every change, and none can disturb another.
import type { Cancel } from '../../kernel/clock.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Change } from './change-channel.ts';

export class ChangeListeners {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(listener: (change: Change) => void): Cancel {
    // A wrapper of its own, so that the same function added twice is two listeners.
    const own = (change: Change): void => {
      listener(change);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Tells every listener now. One that throws is logged: a sign-out must not fail because of it. */
  emit(change: Change): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.#logger.error('A listener to session changes failed.', { error: errorText(error) });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
