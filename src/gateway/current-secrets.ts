// Owns the secrets in force: what a reload put there last.
import type { Secrets } from '../config/secrets.ts';

/** Rooms are handed functions that ask here at each use, so that a rotated secret counts at once. */
export class CurrentSecrets {
  #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  get now(): Secrets {
    return this.#secrets;
  }

  replace(secrets: Secrets): void {
    this.#secrets = secrets;
  }
}
