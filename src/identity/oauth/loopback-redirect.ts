// Owns which addresses a command-line login may come back to: a port of the person's own machine.
import { LOOPBACK_REDIRECT_PATH } from './command-line-client.ts';

const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\]):([1-9]\d{0,4})$/;

/**
 * Scheme, host and port of a loopback redirect URI; undefined for every other text. RFC 8252 section 7.3:
 * a loopback literal and any port. Not `localhost`, which may be resolved to something else (section 8.3).
 */
export function loopbackOrigin(redirectUri: string): string | undefined {
  if (!redirectUri.endsWith(LOOPBACK_REDIRECT_PATH)) return undefined;
  const origin = redirectUri.slice(0, -LOOPBACK_REDIRECT_PATH.length);
  const port = LOOPBACK.exec(origin)?.[1];
  return port !== undefined && Number(port) <= 65_535 ? origin : undefined;
}
