// Owns Secret: a value that never prints itself.
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** Holds a secret value; string, JSON and inspect forms are all `[redacted]`. */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
