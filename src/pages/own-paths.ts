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
export const STYLE_PATH = '/oauth2/static/page.css';
export const KEEP_FRAGMENT_SCRIPT_PATH = '/oauth2/static/keep-fragment.js';

/**
 * True for the paths that never reach an application, unknown ones below `/oauth2/` included.
 * `path` is the request path as received; another spelling of it is an application's.
 */
export function isOwnPath(path: string): boolean {
  return path.startsWith('/oauth2/') || path === LOGOUT_PATH || path === KEY_SET_PATH;
}

/** The address that starts a sign-in and returns to `returnTo`, a path on this site. */
export function startAddress(returnTo: string): string {
  return `${START_PATH}?rd=${encodeURIComponent(returnTo)}`;
}
