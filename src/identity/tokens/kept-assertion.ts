// Owns the session JWT of one identity: signed when it is first needed, and again in its last minute.
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import type { Assertion, AssertionSigner, AssertionSubject } from './assertion-signer.ts';

export interface AssertionTools {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly signAssertion: AssertionSigner;
}

/** Identities that nobody uses are never signed for. */
export class KeptAssertion {
  readonly #subject: AssertionSubject;
  readonly #tools: AssertionTools;
  #kept: Assertion | undefined;

  constructor(subject: AssertionSubject, tools: AssertionTools) {
    this.#subject = subject;
    this.#tools = tools;
  }

  /** The JWT, good for a minute at least. */
  text(): string {
    const kept = this.#kept;
    if (kept !== undefined && this.#tools.clock.nowMs() < kept.expiresAtMs - MINUTE_MS)
      return kept.token;
    this.#kept = this.#tools.signAssertion(this.#subject);
    return this.#kept.token;
  }
}
