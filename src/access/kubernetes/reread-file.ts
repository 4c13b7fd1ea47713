// Owns a file whose content may be replaced while the gateway runs: tokens and certificates.
import { readFileSync } from 'node:fs';
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';

/** As often as Kubernetes' own clients do (client-go transport/token_source.go). */
const READ_EVERY_MS = MINUTE_MS;

export class RereadFile {
  readonly #path: string;
  readonly #clock: Clock;
  #text: string | undefined;
  #readAtMs = 0;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The content, at most a minute old. Throws when the file cannot be read. */
  text(): string {
    const nowMs = this.#clock.monotonicMs();
    if (this.#text === undefined || nowMs - this.#readAtMs >= READ_EVERY_MS) {
      this.#text = readFileSync(this.#path, 'utf8');
      this.#readAtMs = nowMs;
    }
    return this.#text;
  }

  /** The content is read anew at the next use. */
  forget(): void {
    this.#text = undefined;
  }
}
