// Owns the interface of the tokens that people make here, towards pages and the OAuth endpoints.
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { TokenScope } from '../bearer/token-scope.ts';

/** What a person asks for. */
export interface TokenWish {
  /** Printable, 1 to 64 characters: what the person calls it. */
  readonly name: string;
  readonly scope: TokenScope;
  /** Milliseconds; at most tokens.personal.maxLifetime. */
  readonly lifetimeMs: number;
}

/** A token or command-line login as its owner sees it. */
export interface TokenSummary {
  /** Public name, by which it is revoked and logged. */
  readonly handle: string;
  /** `personal` is used as it is; a `login` gives the command line short tokens. */
  readonly kind: 'personal' | 'login';
  readonly name: string;
  readonly scope: TokenScope;
  /** Milliseconds since the epoch, as are all times here. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Undefined when it was never used. */
  readonly lastUsedAtMs: number | undefined;
}

/** What the command line keeps, and what it uses. */
export interface IssuedLogin {
  readonly summary: TokenSummary;
  /** A bearer token for some minutes. */
  readonly accessToken: string;
  readonly accessExpiresInSec: number;
  /** Gives the next access token, and its own successor. No bearer token. */
  readonly refreshToken: string;
}

export type CreatedToken =
  /** `token` is never told again. */
  | { readonly kind: 'created'; readonly token: string; readonly summary: TokenSummary }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

export type CreatedLogin =
  | { readonly kind: 'created'; readonly login: IssuedLogin }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

export type RefreshedLogin =
  | { readonly kind: 'refreshed'; readonly login: IssuedLogin }
  /** Ended, expired, used before (then the login has just been ended), or never ours. */
  | { readonly kind: 'refused' };

/**
 * `person` is a key of session/person-key.ts. Claims come from the person's provider record, which a
 * sign-in has just written. Every method may throw StoreUnavailable, and then nothing is certain.
 */
export interface PersonalTokens {
  /** The longest life that a wish may ask for, in milliseconds. */
  readonly maxLifetimeMs: number;
  createToken(person: string, wish: TokenWish): Promise<CreatedToken>;
  createLogin(person: string, wish: TokenWish): Promise<CreatedLogin>;
  /** Exchanges a refresh token for an access token and the next refresh token (RFC 9700 section 2.2.2). */
  refreshLogin(refreshToken: string): Promise<RefreshedLogin>;
  /** The person's live tokens and logins, newest first. */
  list(person: string): Promise<readonly TokenSummary[]>;
  /** Ends one of the person's own everywhere; false when they have none of this handle. */
  revoke(person: string, handle: string): Promise<boolean>;
  /** Ends what this token, access token or refresh token belongs to (RFC 7009); false when it is not ours. */
  revokeByToken(token: string): Promise<boolean>;
}
