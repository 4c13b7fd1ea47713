// Owns the paths that the gateway answers itself.

export const START_PATH = '/oauth2/start';
export const CALLBACK_PATH = '/oauth2/callback';
export const SIGN_IN_PATH = '/oauth2/sign_in';
export const SIGN_OUT_PATH = '/oauth2/sign_out';
/** Where Kubeflow's dashboard navigates when no sign-out address is configured there. */
export const LOGOUT_PATH = '/logout';
export const USER_INFO_PATH = '/oauth2/userinfo';
export const BACK_CHANNEL_LOGOUT_PATH = '/oauth2/backchannel-logout';
export const KEY_SET_PATH = '/.well-known/jwks.json';
export const TOKENS_PATH = '/oauth2/tokens';
export const NEW_TOKEN_PATH = '/oauth2/tokens/new';
export const REVOKE_TOKEN_PATH = '/oauth2/tokens/revoke';
/** Where a fresh sign-in for an action goes on to. */
export const ACTION_PATH = '/oauth2/action';
/** The buttons of the page that asks whether a program may sign in. */
export const CONSENT_PATH = '/oauth2/consent';
/** OAuth 2.0 endpoints for the command line (RFC 6749, RFC 8628, RFC 7009). */
export const AUTHORIZE_PATH = '/oauth2/authorize';
export const TOKEN_PATH = '/oauth2/token';
export const DEVICE_AUTHORIZATION_PATH = '/oauth2/device_authorization';
export const DEVICE_PATH = '/oauth2/device';
export const REVOKE_PATH = '/oauth2/revoke';
/** What they are, for programs (RFC 8414 section 3). */
export const AUTHORIZATION_SERVER_PATH = '/.well-known/oauth-authorization-server';
export const STYLE_PATH = '/oauth2/static/page.css';
export const KEEP_FRAGMENT_SCRIPT_PATH = '/oauth2/static/keep-fragment.js';
export const UNHURRIED_SCRIPT_PATH = '/oauth2/static/unhurried.js';

const ownPathsElsewhere: ReadonlySet<string> = new Set([
  LOGOUT_PATH,
  KEY_SET_PATH,
  AUTHORIZATION_SERVER_PATH,
]);

/**
 * True for the paths that never reach an application, unknown ones below `/oauth2/` included.
 * `path` is the request path as received; another spelling of it is an application's.
 */
export function isOwnPath(path: string): boolean {
  return path.startsWith('/oauth2/') || ownPathsElsewhere.has(path);
}

/** The address that starts a sign-in and returns to `returnTo`, a path on this site. */
export function startAddress(returnTo: string): string {
  return `${START_PATH}?rd=${encodeURIComponent(returnTo)}`;
}
