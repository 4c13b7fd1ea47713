// Owns the outcomes of asking who somebody is. No credential and a bad credential never look alike.
import type { ReasonCode } from '../kernel/reasons.ts';
import type { TokenScope } from './bearer/token-scope.ts';
import type { Principal } from './principal.ts';

export interface SessionCredential {
  readonly kind: 'session';
  /** Public name of the session: not its cookie's value. */
  readonly sessionHandle: string;
  /** Key of the person (session/person-key.ts). */
  readonly person: string;
}

export interface TokenCredential {
  readonly kind: 'token';
  /** Public name of the token: fit for logs, worthless as a credential. */
  readonly tokenHandle: string;
  /** What it may be used for; undefined: for all that its owner may. */
  readonly scope: TokenScope | undefined;
}

/** A verified identity, ready for the hot path: nothing here is computed per request. */
export interface Identity {
  readonly principal: Principal;
  /** For pages that show who is signed in; decides nothing. */
  readonly email?: string | undefined;
  /** What proved it. */
  readonly credential: SessionCredential | TokenCredential;
  /** Managed identity headers as name, value pairs; only those that have a value. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The session JWT for upstreams; signed at first use and again in its last minute. */
  assertion(): string;
  /** Notes that the credential is used now (idle limit, last use); cheap, written back in batches. */
  markUsed(): void;
}

interface Authenticated<I extends Identity> {
  readonly kind: 'authenticated';
  readonly identity: I;
}

/** No live credential. `reason` says why for the log and the page. */
interface Absent {
  readonly kind: 'absent';
  readonly reason: ReasonCode;
}

/** A bearer token or assertion that is not accepted: never answered with a login. */
interface Rejected {
  readonly kind: 'rejected';
  readonly reason: ReasonCode;
}

/** A good token beside a good session of somebody else: it cannot be told who asks. */
interface Conflict {
  readonly kind: 'conflict';
  readonly reason: 'conflicting_credentials';
}

/** A dependency could not be asked: neither granted nor logged out. */
interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: ReasonCode;
  readonly retryAfterSec: number;
}

export type SignedIn = Identity & { readonly credential: SessionCredential };
export type TokenHolder = Identity & { readonly credential: TokenCredential };

export type SessionAuthentication = Authenticated<SignedIn> | Absent | Unavailable;
export type TokenAuthentication = Authenticated<TokenHolder> | Rejected | Unavailable;
export type Authentication = Authenticated<Identity> | Absent | Rejected | Conflict | Unavailable;

/** Resolves a session cookie. Synchronous on a cache hit; never rejects. */
export interface SessionAuthenticator {
  /** A request: counts as use of the session. */
  authenticate(sessionCookie: string): SessionAuthentication | Promise<SessionAuthentication>;
  /** The same question for a connection that is already open: does not count as use. */
  recheck(sessionCookie: string): SessionAuthentication | Promise<SessionAuthentication>;
}

/** Resolves the token of an `Authorization: Bearer` header. Synchronous on a cache hit; never rejects. */
export interface TokenAuthenticator {
  /**
   * A request: counts as use of the token. `clientAddress` is in canonical spelling: tokens that this
   * replica does not know are limited per client before anybody is asked about them.
   */
  authenticate(
    token: string,
    clientAddress: string,
  ): TokenAuthentication | Promise<TokenAuthentication>;
  /** The same for a connection that is already open: neither counts as use nor against the limit. */
  recheck(token: string): TokenAuthentication | Promise<TokenAuthentication>;
}
