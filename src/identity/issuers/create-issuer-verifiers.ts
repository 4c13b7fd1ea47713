// Owns putting together who judges the tokens of the sign-in provider and of configured issuers.
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { ANY_NAME } from '../../kernel/name-pattern.ts';
import type { TokenVerifier } from '../bearer/token-verifier.ts';
import type { ClaimRules } from '../claims.ts';
import { SIGNING_ALGORITHMS } from '../login/provider-keys.ts';
import { IssuerKeys, type KeySource } from './issuer-keys.ts';
import { IssuerVerifier, type IssuerRules } from './issuer-verifier.ts';
import { keySourceOf, RENEW_KEYS_AFTER_MS, type IssuerKeyOptions } from './key-source.ts';

export type TokenIssuerOptions = Omit<IssuerRules, 'toleranceMs' | 'freshForMs'> & {
  readonly keys: IssuerKeyOptions;
};

/** src/config/sections/tokens.ts mirrors it, all but signIn. */
export interface IssuerVerifierOptions {
  readonly provider: {
    readonly enabled: boolean;
    /** Client ids; none: the gateway's own. */
    readonly audiences: readonly string[];
    readonly maxLifetimeMs: number;
  };
  readonly issuers: readonly TokenIssuerOptions[];
  readonly clockToleranceMs: number;
  /** How long a verified token is believed. */
  readonly cacheForMs: number;
  /** The provider that people sign in at, and the rules for what it says of them. */
  readonly signIn: {
    readonly issuer: string;
    readonly clientId: string;
    readonly claims: ClaimRules;
  };
}

export interface IssuerVerifierDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The sign-in provider's key set, as it says now. Rejects when it does not answer. */
  readonly providerKeySet: () => Promise<unknown>;
}

/** One verifier per issuer; none of them asks anybody before a token of its issuer comes. */
export function createIssuerVerifiers(
  options: IssuerVerifierOptions,
  deps: IssuerVerifierDependencies,
): TokenVerifier[] {
  const { provider, issuers, clockToleranceMs, cacheForMs } = options;
  const common = { toleranceMs: clockToleranceMs, freshForMs: cacheForMs };
  const verifier = (rules: IssuerRules, source: KeySource): TokenVerifier =>
    new IssuerVerifier(rules, { ...deps, keys: new IssuerKeys(rules.issuer, source, deps) });
  const providerKeys = { load: deps.providerKeySet, renewAfterMs: RENEW_KEYS_AFTER_MS };
  return [
    ...(provider.enabled ? [verifier({ ...providerRules(options), ...common }, providerKeys)] : []),
    ...issuers.map(({ keys, ...rules }) =>
      verifier({ ...rules, ...common }, keySourceOf(rules.issuer, keys, deps.clock)),
    ),
  ];
}

/** People sign in there: it may speak for all of them, as at sign-in. */
function providerRules({ provider, signIn }: IssuerVerifierOptions) {
  const { audiences, maxLifetimeMs } = provider;
  return {
    issuer: signIn.issuer,
    audiences: audiences.length === 0 ? [signIn.clientId] : audiences,
    algorithms: SIGNING_ALGORITHMS,
    claims: signIn.claims,
    users: [ANY_NAME],
    groups: [ANY_NAME],
    maxLifetimeMs,
  };
}
