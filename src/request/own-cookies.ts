// Owns the names of the gateway's own cookies, and recognises them among an application's.

/** At most this many sign-ins may be under way in one browser; the oldest is dropped. */
export const LOGIN_ATTEMPT_LIMIT = 5;

export interface OwnCookies {
  readonly session: string;
  /** Login attempt cookies are this prefix and a number of up to six digits, drawn at random. */
  readonly loginPrefix: string;
  /** Whether cookies are set with Secure; the `__Host-` prefix needs it (RFC 6265bis section 4.1.3.2). */
  readonly secure: boolean;
}

const SHORT_NAME = 'kfgw';

/** Names follow the public origin's scheme, never the scheme of the hop in front of us. */
export function ownCookies(secure: boolean): OwnCookies {
  const session = secure ? `__Host-${SHORT_NAME}` : SHORT_NAME;
  return { session, loginPrefix: `${session}-login-`, secure };
}

/** True for every cookie name of ours, in either form, so that neither ever reaches an application. */
export function isOwnCookie(name: string): boolean {
  const bare = name.startsWith('__Host-') ? name.slice('__Host-'.length) : name;
  return bare === SHORT_NAME || bare.startsWith(`${SHORT_NAME}-login-`);
}

/** False when a Cookie header surely holds no cookie of ours; cheaper than looking at each name. */
export function mayHoldOwnCookie(header: string): boolean {
  return header.includes(SHORT_NAME);
}
