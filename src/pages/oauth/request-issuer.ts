// Owns the name of the authorization server: the origin by which it is asked.
import type { RequestHead } from '../../request/request-head.ts';

/**
 * The issuer identifier (RFC 8414 section 2): the public origin that the client asked for, or, where none is
 * configured, whatever it asked for. Undefined for an origin that is not public. The scheme is the
 * public origin's: a proxy that ends TLS need not say so.
 */
export function requestIssuer(
  { client }: Pick<RequestHead, 'client'>,
  publicOrigins: readonly string[],
): string | undefined {
  const asked = URL.parse(`${client.scheme}://${client.host}`);
  if (asked === null) return undefined;
  if (publicOrigins.length === 0 || publicOrigins.includes(asked.origin)) return asked.origin;
  const { host } = asked;
  return publicOrigins.find((origin) => URL.parse(origin)?.host === host);
}
