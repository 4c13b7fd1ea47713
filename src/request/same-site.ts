// Owns the rule against cross-site use of a cookie (CSRF and cross-site WebSocket hijacking).
import { comparableHost } from './host.ts';
import type { RequestHead } from './request-head.ts';

/** The part of a request head that tells which site made the request. */
export type SiteClues = Pick<RequestHead, 'method' | 'host' | 'hints'>;

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * False when another site made the request: a WebSocket whose Origin is foreign or missing, or an
 * unsafe method (RFC 9110 section 9.2.1) whose Origin is foreign or `null`, or, without Origin,
 * whose Sec-Fetch-Site is same-site or cross-site. SameSite=Lax does not stop siblings of our
 * host. A program that is no browser sends neither header and has no ambient cookie.
 *
 * `publicOrigins` are serialised origins (`https://kubeflow.example.com`); when there are none,
 * Origin is compared with the request's own Host.
 */
export function isSameSite(clues: SiteClues, publicOrigins: readonly string[]): boolean {
  const { isWebSocket, origin, fetchSite } = clues.hints;
  if (!isWebSocket && safeMethods.has(clues.method)) return true;
  if (origin !== undefined) return isOwnOrigin(origin, clues.host, publicOrigins);
  return !isWebSocket && fetchSite !== 'same-site' && fetchSite !== 'cross-site';
}

/** Whether a serialised origin (RFC 6454 section 6.2) is one of ours. */
export function isOwnOrigin(
  origin: string,
  host: string,
  publicOrigins: readonly string[],
): boolean {
  if (publicOrigins.length > 0) return publicOrigins.includes(origin);
  const match = /^(https?):\/\/([^/]+)$/.exec(origin);
  const scheme = match?.[1] === 'https' ? 'https' : 'http';
  return (
    match?.[2] !== undefined && comparableHost(match[2], scheme) === comparableHost(host, scheme)
  );
}
