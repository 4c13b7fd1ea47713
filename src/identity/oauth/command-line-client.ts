// Owns what the command line and the OAuth endpoints agree on beyond the RFCs.

/** The one public client (RFC 6749 section 2.1): it has no secret, PKCE and the person's click stand for it. */
export const COMMAND_LINE_CLIENT_ID = 'kfgw-cli';

/**
 * Where the browser comes back to, at 127.0.0.1 or [::1] with any port (RFC 8252 section 7.3). One
 * path only, so that a code can be sent to nothing else that listens there.
 */
export const LOOPBACK_REDIRECT_PATH = '/callback';

/**
 * Parameters of ours (RFC 6749 section 8.2) in the authorization and the device authorization request:
 * what the person will see the login called, printable, 1 to 64 characters, and how long it shall
 * live, in whole seconds. Both may be left out.
 */
export const LOGIN_NAME_PARAMETER = 'login_name';
export const LOGIN_LIFETIME_PARAMETER = 'login_lifetime';
