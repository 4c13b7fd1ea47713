// Owns resolving a bearer token to an identity: synchronous when the token is known, by its verifier
// when it is not, or when there is reason to ask again.
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { pooledRandom, type Random } from '../../kernel/random.ts';
import { createRateLimit, type RateLimit } from '../../kernel/rate-limit.ts';
import type { TokenAuthentication, TokenAuthenticator } from '../authentication.ts';
import type { IdentityHeaderNames } from '../identity-headers.ts';
import type { AssertionSigner } from '../tokens/assertion-signer.ts';
import { KnownToken } from './known-token.ts';
import { KnownTokens, type KnownTokensOptions, type Taken } from './known-tokens.ts';
import { createTokenHash } from './token-hash.ts';
import type { TokenVerifier } from './token-verifier.ts';
import { Verifications } from './verifications.ts';

interface TokenAuthenticatorOptions extends KnownTokensOptions {
  /** Tokens per minute from one client that are verified although this replica does not know them. */
  readonly unknownPerMinute: number;
  /** How long a known token goes on while its verifier cannot tell, in milliseconds. */
  readonly outageBoundMs: number;
}

interface TokenAuthenticatorDeps {
  /** The first that claims a token judges it. */
  readonly verifiers: readonly TokenVerifier[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signAssertion: AssertionSigner;
  readonly headerNames: IdentityHeaderNames;
}

/**
 * Good tokens are remembered under a keyed hash until the verifier's freshness, `cacheForMs` or their
 * own end, whichever comes first; bad ones for some seconds; that a verifier could not tell never is.
 */
export function createTokenAuthenticator(
  options: TokenAuthenticatorOptions,
  deps: TokenAuthenticatorDeps,
): TokenAuthenticator {
  const known = new KnownTokens(options, {
    ...deps,
    random: pooledRandom(deps.random),
    identityTools: deps,
  });
  return new CachingTokenAuthenticator(options.outageBoundMs, {
    known,
    verifications: new Verifications(deps, (key, checked) => known.take(key, checked)),
    hash: createTokenHash(deps.random),
    limit: createRateLimit(options.unknownPerMinute, deps.clock),
    clock: deps.clock,
    metrics: deps.metrics,
  });
}

interface CachingTokenAuthenticatorParts {
  readonly known: KnownTokens;
  readonly verifications: Verifications<Taken>;
  readonly hash: (token: string) => string;
  readonly limit: RateLimit;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

type Asked = TokenAuthentication | Promise<TokenAuthentication>;

/** A request's token on its way: `key` is its hash. */
interface Asking {
  readonly key: string;
  readonly text: string;
  readonly isUse: boolean;
}

class CachingTokenAuthenticator implements TokenAuthenticator {
  readonly #outageBoundMs: number;
  readonly #parts: CachingTokenAuthenticatorParts;

  constructor(outageBoundMs: number, parts: CachingTokenAuthenticatorParts) {
    this.#outageBoundMs = outageBoundMs;
    this.#parts = parts;
  }

  authenticate(token: string, clientAddress: string): Asked {
    return this.#ask(token, clientAddress);
  }

  recheck(token: string): Asked {
    return this.#ask(token, undefined);
  }

  /** `client` is undefined where nothing is counted. */
  #ask(text: string, client: string | undefined): Asked {
    const { hash, known } = this.#parts;
    const asking: Asking = { key: hash(text), text, isUse: client !== undefined };
    const found = known.get(asking.key);
    if (found !== undefined) return this.#askKnown(asking, found);
    return known.refusal(asking.key) ?? this.#askUnknown(asking, client);
  }

  #askKnown(asking: Asking, found: KnownToken): Asked {
    const { clock, verifications } = this.#parts;
    if (found.endedBy(clock.nowMs()) !== undefined) return this.#judge(asking, found);
    switch (found.standing(clock.monotonicMs(), this.#outageBoundMs)) {
      case 'ask':
        return this.#verify(asking);
      case 'due':
        if (!verifications.isUnderWay(asking.key)) void verifications.ask(asking.key, asking.text);
        break;
      case 'good':
      case 'spent':
        break;
    }
    return this.#judge(asking, found);
  }

  /** Whoever waits for the verifier with others costs nothing, and is not counted. */
  #askUnknown(asking: Asking, client: string | undefined): Asked {
    const { limit, metrics, verifications } = this.#parts;
    if (client === undefined || verifications.isUnderWay(asking.key)) return this.#verify(asking);
    const retryAfterSec = limit(client);
    if (retryAfterSec === 0) return this.#verify(asking);
    metrics.increment('kfgw_tokens_limited_total', {});
    return { kind: 'unavailable', reason: 'too_many_unknown_tokens', retryAfterSec };
  }

  /** What was asked before this request came may be older than a change; then it is asked again. */
  async #verify(asking: Asking): Promise<TokenAuthentication> {
    const { verifications } = this.#parts;
    const hasJoined = verifications.isUnderWay(asking.key);
    const taken = await verifications.ask(asking.key, asking.text);
    const isOld = hasJoined && taken instanceof KnownToken && taken.isDoubted();
    return this.#judge(asking, isOld ? await verifications.ask(asking.key, asking.text) : taken);
  }

  #judge({ key, isUse }: Asking, taken: Taken): TokenAuthentication {
    if (!(taken instanceof KnownToken)) return taken;
    const { clock, known } = this.#parts;
    const reason = taken.endedBy(clock.nowMs());
    if (reason !== undefined) return known.end(key, taken, reason);
    const { authenticated, problem } = taken;
    if (problem !== undefined && !taken.isTrusted(clock.monotonicMs(), this.#outageBoundMs))
      return problem;
    if (isUse) authenticated.identity.markUsed();
    return authenticated;
  }
}
