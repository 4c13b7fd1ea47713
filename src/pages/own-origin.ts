// Owns whether a request was made by a page of our own origin.
import type { RequestHead } from '../request/request-head.ts';
import { isOwnOrigin } from '../request/same-site.ts';

/**
 * What the browser itself says about the initiator: `Sec-Fetch-Site` where it is sent (W3C Fetch
 * Metadata section 2.2; never on plain http), else `Origin`, else `Referer`. `none` (a typed address
 * or a bookmark), another site, or no word at all are not our own origin.
 */
export function isFromOwnOrigin(
  { hints, host }: Pick<RequestHead, 'hints' | 'host'>,
  publicOrigins: readonly string[],
): boolean {
  if (hints.fetchSite !== undefined) return hints.fetchSite === 'same-origin';
  const initiator = hints.origin ?? URL.parse(hints.referer ?? '')?.origin;
  return initiator !== undefined && isOwnOrigin(initiator, host, publicOrigins);
}
