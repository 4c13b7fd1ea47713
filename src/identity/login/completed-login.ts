// Owns what a successful sign-in at the provider yields: all that a session is made of.
import type { Principal } from '../principal.ts';

/** The provider's tokens and keys by which its messages name the person. */
export interface ProviderTokens {
  readonly issuer: string;
  readonly clientId: string;
  readonly sub: string;
  /** The provider's session id (OIDC Back-Channel Logout 1.0), when it sends one. */
  readonly providerSid: string | undefined;
  readonly idToken: string;
  readonly refreshToken: string | undefined;
}

export interface VerifiedClaims {
  readonly principal: Principal;
  readonly email: string | undefined;
  /** Seconds since the epoch at which the person authenticated. */
  readonly authTimeSec: number;
  /** Milliseconds since the epoch at which the provider's statement ends (ID token `exp`). */
  readonly expiresAtMs: number;
}

export interface CompletedLogin {
  readonly claims: VerifiedClaims;
  readonly tokens: ProviderTokens;
}

/** What asking the provider for fresh claims can end in. */
export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly login: CompletedLogin }
  /** The provider no longer knows the grant (RFC 6749 section 5.2): the sessions end. */
  | { readonly kind: 'ended' }
  /** Another `sub` or claims that break a rule: the sessions end. */
  | { readonly kind: 'identity-changed' }
  /** The provider could not be asked or failed: the sessions go on. */
  | { readonly kind: 'failed' };

/** Asks the provider for fresh claims by refresh token. Never rejects. */
export type RefreshGrant = (tokens: ProviderTokens) => Promise<RefreshOutcome>;
