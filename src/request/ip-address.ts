// Owns IP addresses and ranges: one canonical spelling, and membership in configured CIDRs.
import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';

const MAPPED_PREFIX = '::ffff:';
const MAPPED_BITS = 96;

/**
 * The canonical spelling of an address, IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) as plain IPv4
 * and without a zone; undefined when it is not an address.
 */
export function canonicalAddress(text: string): string | undefined {
  const mapped = mappedAddress(text);
  if (mapped !== undefined) return mapped;
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  const family = isIP(bare);
  if (family === 0) return undefined;
  if (family === 4) return bare;
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  return mappedAddress(address) ?? address;
}

/** The IPv4 address in `::ffff:192.0.2.1`: what every IPv4 peer of a dual-stack listener looks like. */
function mappedAddress(text: string): string | undefined {
  if (!text.startsWith(MAPPED_PREFIX)) return undefined;
  const address = text.slice(MAPPED_PREFIX.length);
  return isIPv4(address) ? address : undefined;
}

/** Remembered answers about addresses: proxies are few, clients are many. */
const REMEMBERED_ADDRESSES = 1024;

/** A set of CIDR ranges and single addresses. */
export class AddressRanges {
  readonly #ranges = new BlockList();
  readonly #isEmpty: boolean;
  readonly #remembered = new Map<string, boolean>();

  /** Throws a RangeError for an entry that is neither an address nor a CIDR. */
  constructor(cidrs: readonly string[]) {
    this.#isEmpty = cidrs.length === 0;
    for (const cidr of cidrs) this.#add(cidr);
  }

  /** Whether a canonical address lies in one of the ranges. */
  has(address: string): boolean {
    if (this.#isEmpty) return false;
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    const isInside = this.#ranges.check(address, familyOf(address));
    if (this.#remembered.size >= REMEMBERED_ADDRESSES) this.#remembered.clear();
    this.#remembered.set(address, isInside);
    return isInside;
  }

  #add(cidr: string): void {
    const [network = '', prefixText] = cidr.split(/\/(.*)/s);
    const address = network.includes('%') ? undefined : canonicalAddress(network);
    if (address === undefined) throw notARange(cidr);
    // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
    const mappedBits = familyOf(address) === familyOf(network) ? 0 : MAPPED_BITS;
    const bits = familyOf(address) === 'ipv4' ? 32 : 128;
    const prefix = prefixText === undefined ? bits : prefixOf(prefixText) - mappedBits;
    if (!(prefix >= 0 && prefix <= bits)) throw notARange(cidr);
    this.#ranges.addSubnet(address, prefix, familyOf(address));
  }
}

/** NaN, which lies in no range, when the text is no number. */
function prefixOf(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : NaN;
}

function notARange(cidr: string): RangeError {
  return new RangeError(`not an address or CIDR: ${cidr}`);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
