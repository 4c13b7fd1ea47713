// Owns the change channel of a gateway that runs alone: what is announced is heard at once.
import type { Cancel } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Change, ChangeChannel } from './change-channel.ts';
import { ChangeListeners } from './change-listeners.ts';

export class MemoryChangeChannel implements ChangeChannel {
  readonly #listeners: ChangeListeners;

  constructor(logger: Logger) {
    this.#listeners = new ChangeListeners(logger);
  }

  announce(key: string): void {
    this.#listeners.emit({ kind: 'session', key });
  }

  onChange(listener: (change: Change) => void): Cancel {
    return this.#listeners.add(listener);
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }
}
