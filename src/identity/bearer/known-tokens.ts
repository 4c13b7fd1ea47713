// Owns what this replica remembers of tokens: the good ones, and for a moment the bad ones.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { chance, type Random } from '../../kernel/random.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { TokenAuthentication } from '../authentication.ts';
import type { IdentityTools } from '../kept-identity.ts';
import { KnownToken, type Belief, type Unavailable } from './known-token.ts';
import { RecentMap } from './recent-map.ts';
import type { TokenVerdict, VerifiedToken } from './token-verifier.ts';
import type { CheckedVerdict } from './verifications.ts';

/** A token may become good: its account appears, its nbf passes. */
const REFUSED_FOR_MS = 5 * SECOND_MS;
/** Bad tokens cost nothing to make; they have a memory of their own, and cannot crowd out good ones. */
const MOST_REFUSED = 10_000;

type Rejected = Extract<TokenAuthentication, { kind: 'rejected' }>;
export type Taken = KnownToken | Rejected | Unavailable;

interface Refusal {
  readonly answer: Rejected;
  /** Monotonic milliseconds. */
  readonly untilMs: number;
}

export interface KnownTokensOptions {
  /** The longest that any verdict is believed, in milliseconds. */
  readonly cacheForMs: number;
  /** The most good tokens remembered. */
  readonly cacheEntries: number;
}

interface KnownTokensParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly identityTools: IdentityTools;
}

/** Tokens stand here under their hash; `key` is that. */
export class KnownTokens {
  readonly #options: KnownTokensOptions;
  readonly #parts: KnownTokensParts;
  readonly #good: RecentMap<KnownToken>;
  readonly #refused = new RecentMap<Refusal>(MOST_REFUSED);

  constructor(options: KnownTokensOptions, parts: KnownTokensParts) {
    this.#options = options;
    this.#parts = parts;
    this.#good = new RecentMap(options.cacheEntries);
  }

  get(key: string): KnownToken | undefined {
    return this.#good.get(key);
  }

  /** The answer of a moment ago to a token that is not good. */
  refusal(key: string): Rejected | undefined {
    const refusal = this.#refused.get(key);
    if (refusal === undefined || this.#parts.clock.monotonicMs() < refusal.untilMs)
      return refusal?.answer;
    this.#refused.delete(key);
    return undefined;
  }

  /** Remembers a verdict. That somebody could not be asked is remembered of good tokens only. */
  take(key: string, { verdict, askedAtMs }: CheckedVerdict): Taken {
    const known = this.#good.get(key);
    this.#count(known, verdict);
    switch (verdict.kind) {
      case 'verified':
        return this.#believe(key, verdict.token, askedAtMs);
      case 'rejected':
        this.#logRejected(known, verdict);
        return this.#refuse(key, verdict.reason);
      case 'unavailable':
        if (known === undefined) return verdict;
        this.#logUnconfirmed(known, verdict);
        known.fail(verdict, { askedAtMs, chance: chance(this.#parts.random) });
        return known;
    }
  }

  /** From now on the token is refused here. */
  end(key: string, { handle }: KnownToken, reason: ReasonCode): Rejected {
    this.#parts.logger.info('A bearer token has ended.', { handle, reason });
    return this.#refuse(key, reason);
  }

  #believe(key: string, token: VerifiedToken, askedAtMs: number): KnownToken {
    const belief: Belief = {
      askedAtMs,
      freshForMs: Math.min(token.freshForMs, this.#options.cacheForMs),
      chance: chance(this.#parts.random),
    };
    const known = this.#good.get(key);
    if (known !== undefined) {
      known.confirm(token, belief);
      return known;
    }
    const found = new KnownToken(token, belief, this.#parts.identityTools);
    this.#good.set(key, found);
    this.#refused.delete(key);
    this.#measure();
    return found;
  }

  #refuse(key: string, reason: ReasonCode): Rejected {
    const answer: Rejected = { kind: 'rejected', reason };
    this.#good.delete(key);
    const untilMs = this.#parts.clock.monotonicMs() + REFUSED_FOR_MS;
    this.#refused.set(key, { answer, untilMs });
    this.#measure();
    return answer;
  }

  #logRejected(
    known: KnownToken | undefined,
    { reason, detail }: Extract<TokenVerdict, { kind: 'rejected' }>,
  ): void {
    const { logger } = this.#parts;
    if (known === undefined) logger.info('A bearer token was refused.', { reason, detail });
    else {
      const fields = { handle: known.handle, reason, detail };
      logger.info('A bearer token is good no longer.', fields);
    }
  }

  /** Once per token and outage. */
  #logUnconfirmed({ handle, problem }: KnownToken, { reason }: Unavailable): void {
    if (problem !== undefined) return;
    this.#parts.logger.info('A bearer token goes on unconfirmed.', { handle, reason });
  }

  #count(known: KnownToken | undefined, verdict: TokenVerdict): void {
    this.#parts.metrics.increment('kfgw_token_verifications_total', {
      occasion: known === undefined ? 'first' : 'again',
      result: verdict.kind === 'verified' ? 'verified' : verdict.reason,
    });
  }

  #measure(): void {
    const { metrics } = this.#parts;
    metrics.set('kfgw_token_cache_entries', { kind: 'known' }, this.#good.size);
    metrics.set('kfgw_token_cache_entries', { kind: 'refused' }, this.#refused.size);
  }
}
