// Owns the options of sessions. Their defaults are the configuration schema's; the reasons for them
// are in docs/decisions/0004-sessions.md.
export interface SessionOptions {
  /** A session that is not used for so long ends, in milliseconds. */
  readonly idleMs: number;
  /** A session ends so long after its sign-in, in milliseconds; also the cookie's Max-Age. */
  readonly absoluteMs: number;
  /** How long a known session goes on while the store is silent or has lost it, in milliseconds. */
  readonly outageBoundMs: number;
  /** Most sessions that are kept in memory; the least recently used make room. */
  readonly cacheEntries: number;
  /** Age at which the claims of a session in use are fetched anew, in milliseconds. */
  readonly claimsRefreshAfterMs: number;
  /** Age beyond which claims are worth nothing and the session ends, in milliseconds. */
  readonly claimsMaxAgeMs: number;
  /** Lower-cased names of the headers that tell applications who is asking. */
  readonly userIdHeader: string;
  readonly groupsHeader: string;
}
