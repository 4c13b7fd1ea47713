// Owns what sign-in is configured with and handed in; src/config/sections/provider.ts mirrors it.
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { Random } from '../../kernel/random.ts';
import type { Secret } from '../../kernel/secret.ts';
import type { OwnCookies } from '../../request/own-cookies.ts';
import type { ClaimRules } from '../claims.ts';
import type { RecordSealer } from '../session/sealed-record.ts';

/**
 * Addresses that differ from what the provider says of itself. The first and the last are for
 * browsers and may be paths on the gateway's own origin; the others are absolute. With
 * `authorization`, `token` and `jwks` given, the provider's own description is not asked for.
 */
export interface LoginEndpoints {
  readonly authorization?: string | undefined;
  readonly token?: string | undefined;
  readonly jwks?: string | undefined;
  readonly userinfo?: string | undefined;
  readonly endSession?: string | undefined;
}

export interface LoginOptions {
  /** Issuer identifier, byte for byte as the tokens carry it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post';
  /** Sent literally in both legs; `/oauth2/callback` where the provider has it registered so. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly endpoints: LoginEndpoints;
  /** Sent literally with sign-out; undefined: the provider shows its own page. */
  readonly postLogoutRedirectUri?: string | undefined;
  /** How long one exchange with the provider may take, to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Also reads the user info endpoint; its claims count before the ID token's. */
  readonly useUserinfo: boolean;
  /** Lets issuer and endpoints be plain http. */
  readonly insecureIssuerOverHttp: boolean;
  /** Accepts any certificate of the provider. */
  readonly insecureSkipTlsVerify: boolean;
  readonly claims: ClaimRules;
}

export interface LoginDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Asked anew at each use, so that a rotated secret counts at once. */
  readonly clientSecret: () => Secret;
  /** Authorities for the provider's certificate in PEM, besides the public ones; asked anew. */
  readonly caPem: () => string | undefined;
  readonly cookies: OwnCookies;
  readonly sealer: Pick<RecordSealer, 'seal' | 'open'>;
}
