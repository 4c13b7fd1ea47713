// Owns who the client is behind trusted proxies: address, scheme and host as they will be written
// into X-Forwarded-*.
import { parseForwarded } from './forwarded-header.ts';
import { isHost } from './host.ts';
import { canonicalAddress, type AddressRanges } from './ip-address.ts';

export interface ClientHop {
  /** The client's IP address: the right-most address that is not a trusted proxy. */
  readonly address: string;
  readonly scheme: 'http' | 'https';
  /** The host that the client asked for: the Host header, or what a trusted proxy says it was. */
  readonly host: string;
}

/** What this hop knows by itself, and what the request claims about earlier hops. */
export interface HopClaims {
  /** Address of the socket's other end. */
  readonly peerAddress: string;
  /** Whether this hop came over TLS. */
  readonly isEncrypted: boolean;
  /** The Host header. */
  readonly host: string;
  /** Values of the headers as received, several lines joined by commas; undefined when absent. */
  readonly forwarded: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly forwardedHost: string | undefined;
}

/** What one family of headers says, as far as it may be believed. */
interface Story {
  readonly address: string | undefined;
  readonly scheme: string | undefined;
  readonly host: string | undefined;
}

const unsaid: Story = { address: undefined, scheme: undefined, host: undefined };

/**
 * Resolves the client. Claims are believed only when the peer is a trusted proxy, and are read from
 * the right: each trusted address vouches for the one to its left, and reading stops at the first
 * that is not trusted or not an address (CVE-2026-57210). Scheme and host are the right-most: what
 * the nearest proxy says.
 *
 * A proxy maintains either `Forwarded` (RFC 7239) or `X-Forwarded-*` and may pass the other through
 * as the client sent it. Where both are present and differ, neither is believed.
 */
export function resolveClientHop(claims: HopClaims, trusted: AddressRanges): ClientHop {
  const peer = canonicalAddress(claims.peerAddress) ?? claims.peerAddress;
  const own: ClientHop = {
    address: peer,
    scheme: claims.isEncrypted ? 'https' : 'http',
    host: claims.host,
  };
  if (!trusted.has(peer)) return own;
  const standard = claims.forwarded === undefined ? unsaid : readStandard(claims, peer, trusted);
  const common = readCommon(claims, peer, trusted);
  return {
    address: agreed(standard.address, common.address) ?? own.address,
    scheme: schemeOf(agreed(standard.scheme, common.scheme)) ?? own.scheme,
    host: hostOf(agreed(standard.host, common.host)) ?? own.host,
  };
}

function schemeOf(text: string | undefined): ClientHop['scheme'] | undefined {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}

function hostOf(text: string | undefined): string | undefined {
  return text !== undefined && isHost(text) ? text : undefined;
}

/** The headers to write upstream in place of the client's, alternating names and values. */
export function forwardedHeaders(hop: ClientHop): readonly string[] {
  return [
    ...['X-Forwarded-For', hop.address],
    ...['X-Forwarded-Proto', hop.scheme],
    ...['X-Forwarded-Host', hop.host],
  ];
}

function readStandard(claims: HopClaims, peer: string, trusted: AddressRanges): Story {
  const elements = parseForwarded(claims.forwarded ?? '');
  const addresses = elements.map((element) => element.get('for') ?? '');
  const nearest = elements.at(-1);
  return {
    address: clientAddress(addresses, peer, trusted),
    scheme: nearest?.get('proto'),
    host: nearest?.get('host'),
  };
}

function readCommon(claims: HopClaims, peer: string, trusted: AddressRanges): Story {
  const addresses = claims.forwardedFor?.split(',');
  return {
    address: addresses === undefined ? undefined : clientAddress(addresses, peer, trusted),
    scheme: lastItem(claims.forwardedProto),
    host: lastItem(claims.forwardedHost),
  };
}

function clientAddress(addresses: readonly string[], peer: string, trusted: AddressRanges): string {
  let client = peer;
  for (let index = addresses.length - 1; index >= 0 && trusted.has(client); index--) {
    const next = nodeAddress(addresses[index] ?? '');
    if (next === undefined) break;
    client = next;
  }
  return client;
}

/** The address of a node name such as `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`. */
function nodeAddress(text: string): string | undefined {
  const node = text.trim();
  if (node.includes('%')) return undefined;
  const match = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(node) ?? /^([\d.]+):\d{1,5}$/.exec(node);
  return canonicalAddress(match?.[1] ?? node);
}

function lastItem(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(',') + 1).trim();
}

function agreed(standard: string | undefined, common: string | undefined): string | undefined {
  if (standard === undefined || common === undefined) return standard ?? common;
  return standard === common ? standard : undefined;
}
