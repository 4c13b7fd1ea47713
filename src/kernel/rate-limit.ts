// Owns limits per client on what anybody may ask without a credential that is known.
import { MINUTE_MS, SECOND_MS } from './duration.ts';
import type { Clock } from './clock.ts';

/** Some MiB at most, and more clients than one replica sees in a minute. */
const MOST_CLIENTS = 20_000;

// Sums of fractional intervals miss the minute by a rounding error.
const EPSILON_MS = 0.001;

/** Takes one request of `address` into account: seconds to wait, or 0 when it may go on. */
export type RateLimit = (address: string) => number;

/**
 * A token bucket per client, kept as the one time at which the bucket is full again (the generic
 * cell rate algorithm), so that a client costs one number. A refused request costs no token. One
 * client may send `perMinute` requests per minute, all at once if it likes; beyond `mostClients` the
 * one that was idle longest is forgotten.
 */
export function createRateLimit(
  perMinute: number,
  clock: Clock,
  mostClients = MOST_CLIENTS,
): RateLimit {
  const intervalMs = MINUTE_MS / perMinute;
  const fullAtMs = new Map<string, number>();
  return (address) => {
    const client = networkOf(address);
    const now = clock.monotonicMs();
    const next = Math.max(fullAtMs.get(client) ?? now, now) + intervalMs;
    const waitMs = next - now - MINUTE_MS;
    if (waitMs > EPSILON_MS) return Math.ceil(waitMs / SECOND_MS);
    fullAtMs.delete(client);
    if (fullAtMs.size >= mostClients) forgetOldest(fullAtMs);
    fullAtMs.set(client, next);
    return 0;
  };
}

function forgetOldest(clients: Map<string, number>): void {
  for (const oldest of clients.keys()) {
    clients.delete(oldest);
    return;
  }
}

/**
 * What counts as one client: an IPv4 address, or an IPv6 /64, since every host may use any address
 * of its own /64 (RFC 4291 section 2.5.1). `address` is in canonical spelling.
 */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const before = groupsOf(head);
  const gap = new Array<string>(8 - Math.min(8, before.length + groupsOf(tail).length)).fill('0');
  return [...before, ...gap, ...groupsOf(tail)].slice(0, 4).join(':');
}

/** The 16-bit groups of one side of "::"; an embedded IPv4 address stands for two of them. */
function groupsOf(side: string): readonly string[] {
  if (side === '') return [];
  return side.split(':').flatMap((group) => (group.includes('.') ? ['v4', 'v4'] : [group]));
}
