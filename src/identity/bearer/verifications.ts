// Owns asking the verifiers: each token is put before the one whose it is, once at a time, and nobody
// waits for ever. Never rejects.
import { within, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { TokenVerdict, TokenVerifier } from './token-verifier.ts';
import { readUnverifiedToken } from './unverified-token.ts';

/** Verifiers answer within 2 s; one that does not has a fault, and must not keep requests. */
const DEADLINE_MS = 3 * SECOND_MS;

const nobodys: TokenVerdict = {
  kind: 'rejected',
  reason: 'invalid_token',
  detail: 'no token of this gateway, and no JWT of an issuer that is configured',
};
const faulty: TokenVerdict = {
  kind: 'unavailable',
  reason: 'token_store_unavailable',
  retryAfterSec: 1,
};

export interface CheckedVerdict {
  readonly verdict: TokenVerdict;
  /** Monotonic milliseconds at which the verifier was asked. */
  readonly askedAtMs: number;
}

interface VerificationsParts {
  readonly verifiers: readonly TokenVerifier[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `T` is what becomes of a verdict: made once, however many wait for it. */
export class Verifications<T> {
  readonly #parts: VerificationsParts;
  readonly #take: (key: string, checked: CheckedVerdict) => T;
  readonly #flights = new Map<string, Promise<T>>();

  constructor(parts: VerificationsParts, take: (key: string, checked: CheckedVerdict) => T) {
    this.#parts = parts;
    this.#take = take;
  }

  isUnderWay(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Asks about the token of that key, or waits with those who have asked already. */
  ask(key: string, text: string): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#fly(key, text);
    this.#flights.set(key, flight);
    return flight;
  }

  async #fly(key: string, text: string): Promise<T> {
    const askedAtMs = this.#parts.clock.monotonicMs();
    const verdict = await this.#verdict(text);
    this.#flights.delete(key);
    return this.#take(key, { verdict, askedAtMs });
  }

  async #verdict(text: string): Promise<TokenVerdict> {
    const { clock, logger } = this.#parts;
    try {
      return await within(clock, DEADLINE_MS, this.#verify(text), tooLate);
    } catch (error) {
      logger.error('A bearer token could not be judged.', { error: errorText(error) });
      return faulty;
    }
  }

  async #verify(text: string): Promise<TokenVerdict> {
    const token = readUnverifiedToken(text);
    const verifier = this.#parts.verifiers.find((candidate) => candidate.claims(token));
    return verifier === undefined ? nobodys : await verifier.verify(token);
  }
}

function tooLate(): Error {
  return new Error('the verifier did not answer in time');
}
