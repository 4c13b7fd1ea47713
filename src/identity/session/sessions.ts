// Owns the interface of sessions towards pages and doors; the implementation is session-service.ts.
import type { Cancel } from '../../kernel/clock.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { CompletedLogin, ProviderTokens } from '../login/completed-login.ts';

/** Which sessions a provider's logout message names (OIDC Back-Channel Logout 1.0 section 2.4). */
export interface LogoutSelector {
  readonly issuer: string;
  readonly clientId: string;
  readonly sub: string | undefined;
  readonly providerSid: string | undefined;
}

export interface Sessions {
  /** Makes the session record of a completed login. `sessionId` is the cookie's secret id. */
  establish(sessionId: string, login: CompletedLogin): Promise<void>;
  /** Ends a session everywhere. Returns the provider's tokens, for sign-out there. */
  end(sessionId: string, reason: ReasonCode): Promise<ProviderTokens | undefined>;
  /** Ends all sessions that a provider's message names; returns how many. */
  endSelected(selector: LogoutSelector, reason: ReasonCode): Promise<number>;
  /** Whether any replica remembers `id`: replay protection. */
  isRemembered(id: string): Promise<boolean>;
  /** All replicas remember `id` until `untilMs`. True for the one who came first: what serves once is theirs. */
  remember(id: string, untilMs: number): Promise<boolean>;
  /** Calls `listener` whenever any session may have changed; coalescing is the listener's. */
  onChange(listener: () => void): Cancel;
}
