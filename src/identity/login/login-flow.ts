// Owns the interface of sign-in towards the pages. Stateless: what a login attempt needs travels in
// one small encrypted cookie each, so an anonymous flood writes nothing anywhere.
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { CompletedLogin, ProviderTokens } from './completed-login.ts';
import type { LogoutSelector } from '../session/sessions.ts';

export type BeginLogin =
  | { readonly kind: 'redirect'; readonly location: string; readonly setCookies: readonly string[] }
  | { readonly kind: 'unavailable'; readonly retryAfterSec: number };

export type CompleteLogin =
  | {
      readonly kind: 'completed';
      readonly login: CompletedLogin;
      /** Same-origin path with query (and fragment where that option is on). */
      readonly returnTo: string;
      /** What the sign-in was made for, as `begin` was told. */
      readonly action: string | undefined;
      readonly setCookies: readonly string[];
    }
  | {
      readonly kind: 'refused';
      readonly reason: ReasonCode;
      /** Where the attempt wanted to go, when it was recognised. */
      readonly returnTo: string | undefined;
      readonly setCookies: readonly string[];
    }
  | { readonly kind: 'unavailable'; readonly returnTo: string; readonly retryAfterSec: number };

export type LogoutTokenOutcome =
  | {
      readonly kind: 'verified';
      readonly selector: LogoutSelector;
      readonly jti: string;
      readonly expiresAtMs: number;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unavailable' };

export interface LoginFlow {
  /**
   * `returnTo` has passed return-address.ts; `cookieHeader` is the request's Cookie header. With an
   * `action` (text of at most 1,500 characters, sealed into the attempt) the provider is told to
   * authenticate the person anew, and an older authentication is refused with `login_not_fresh`.
   */
  begin(returnTo: string, cookieHeader: string | undefined, action?: string): Promise<BeginLogin>;
  /** `query` is the callback's query string as received, without "?". */
  complete(query: string, cookieHeader: string | undefined): Promise<CompleteLogin>;
  /** The provider's sign-out address for these tokens; undefined where it has none. */
  signOutAddress(tokens: ProviderTokens): string | undefined;
  /** Verifies a logout token (OIDC Back-Channel Logout 1.0 section 2.6), all but replay. */
  verifyLogoutToken(token: string): Promise<LogoutTokenOutcome>;
  /** Origin of the provider's authorization endpoint for the pages' CSP; undefined when same-origin. */
  providerOrigin(): string | undefined;
}
