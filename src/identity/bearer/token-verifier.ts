// Owns the interface between the bearer tokens' cache and those who can tell what a token stands for.
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { Principal } from '../principal.ts';
import type { TokenScope } from './token-scope.ts';

/** A token that was found good, and for how long that may be believed. */
export interface VerifiedToken {
  /** Public name of the token: fit for logs and the session JWT's `sid`, worthless as a credential. */
  readonly handle: string;
  /** As headers and session JWT tell it: without the groups that Kubernetes adds by itself. */
  readonly principal: Principal;
  readonly email: string | undefined;
  /** Seconds since the epoch at which the caller proved who they are. */
  readonly authTimeSec: number;
  /** Milliseconds since the epoch at which the token ends, whatever anybody says. */
  readonly expiresAtMs: number;
  /** How long the verdict may be believed before the verifier is asked again, in milliseconds. */
  readonly freshForMs: number;
  /**
   * How long it may go on at most while nobody confirms it, in milliseconds from the verdict; left out
   * where only the bound for outages holds.
   */
  readonly trustForMs?: number;
  readonly scope: TokenScope | undefined;
  /**
   * Why the token has ended since it was verified; undefined while it has not. Synchronous, asked
   * at every use: what this replica hears by itself (a deleted ServiceAccount, a revoked token).
   */
  ended?(): ReasonCode | undefined;
  /** True when this verdict must be asked for again before the next use although it is fresh. */
  isDoubted?(): boolean;
  /** Notes that the token is used now; cheap. */
  markUsed?(): void;
}

export type TokenVerdict =
  | { readonly kind: 'verified'; readonly token: VerifiedToken }
  /** `detail` is for the log: no part of the token, bounded in length. */
  | { readonly kind: 'rejected'; readonly reason: ReasonCode; readonly detail: string }
  /** Who must be asked did not answer: neither good nor bad. */
  | { readonly kind: 'unavailable'; readonly reason: ReasonCode; readonly retryAfterSec: number };

/** `detail` as TokenVerdict has it. */
export function rejected(
  reason: ReasonCode,
  detail: string,
): Extract<TokenVerdict, { kind: 'rejected' }> {
  return { kind: 'rejected', reason, detail };
}

/** Knows one kind of token. */
export interface TokenVerifier {
  /** Whether a token of this form is this verifier's to judge. Cheap, and no proof of anything. */
  claims(token: UnverifiedToken): boolean;
  /** Asks whoever must be asked, within 2 s. Never rejects. */
  verify(token: UnverifiedToken): Promise<TokenVerdict>;
}

/** A token as it was sent: nothing in it is believed. */
export interface UnverifiedToken {
  readonly text: string;
  /** Header and payload where it has the form of a signed JWT that is read in one way only. */
  readonly jwt: UnverifiedJwt | undefined;
}

export interface UnverifiedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}
