// Owns the form of a Host header (RFC 9110 section 7.2): a host and an optional port, nothing else.
import { isIPv6 } from 'node:net';

const registeredName = /^[a-z0-9_](?:[-a-z0-9_.]{0,253}[a-z0-9_.])?(?::\d{1,5})?$/i;
const bracketed = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i;

/**
 * True for a DNS name, an IPv4 address or a bracketed IPv6 address, each with an optional port. No
 * user information, list or percent-encoding, which parsers of authorities disagree on.
 */
export function isHost(text: string): boolean {
  if (registeredName.test(text)) return true;
  const address = bracketed.exec(text)?.[1];
  return address !== undefined && isIPv6(address);
}

/** The host without its port, in lower case and without a final dot. */
export function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
}

/** The host in lower case without the scheme's default port, for comparing only. */
export function comparableHost(host: string, scheme: 'http' | 'https'): string {
  const lower = host.toLowerCase();
  const defaultPort = scheme === 'https' ? ':443' : ':80';
  return lower.endsWith(defaultPort) ? lower.slice(0, -defaultPort.length) : lower;
}
