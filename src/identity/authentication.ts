// Owns the four outcomes of asking who somebody is. No credential and a bad credential never look alike.
import type { ReasonCode } from '../kernel/reasons.ts';
import type { Principal } from './principal.ts';

/** A verified identity, ready for the hot path: nothing here is computed per request. */
export interface Identity {
  readonly principal: Principal;
  /** For pages that show who is signed in; decides nothing. */
  readonly email?: string | undefined;
  /** What proved it. A session is named by a handle that is not its cookie's value. */
  readonly credential: { readonly kind: 'session'; readonly sessionHandle: string };
  /** Managed identity headers as name, value pairs; only those that have a value. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The session JWT for upstreams; signed at first use and again in its last minute. */
  assertion(): string;
  /** Notes that the person is active now (idle limit); cheap, written back in batches. */
  markUsed(): void;
}

export type Authentication =
  | { readonly kind: 'authenticated'; readonly identity: Identity }
  /** No live credential. `reason` says why for the log and the page. */
  | { readonly kind: 'absent'; readonly reason: ReasonCode }
  /** A bearer token or assertion that is not accepted: never answered with a login. */
  | { readonly kind: 'rejected'; readonly reason: ReasonCode }
  /** A dependency could not be asked: neither granted nor logged out. */
  | { readonly kind: 'unavailable'; readonly reason: ReasonCode; readonly retryAfterSec: number };

/** Resolves a session cookie. Synchronous on a cache hit; never rejects. */
export interface SessionAuthenticator {
  /** A request: counts as use of the session. */
  authenticate(sessionCookie: string): Authentication | Promise<Authentication>;
  /** The same question for a connection that is already open: does not count as use. */
  recheck(sessionCookie: string): Authentication | Promise<Authentication>;
}
