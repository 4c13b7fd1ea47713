// Owns what each request header means here: what reads it, whether it is an identity, whether it
// may go upstream.
import { foldHeaderName, type HeaderIdentity, type ManagedHeaders } from './managed-headers.ts';

/** Headers whose values the gateway reads, and where a walk keeps each value. */
export const SLOTS = {
  host: 0,
  cookie: 1,
  authorization: 2,
  accept: 3,
  'x-requested-with': 4,
  'sec-fetch-mode': 5,
  'sec-fetch-dest': 6,
  'sec-fetch-site': 7,
  origin: 8,
  referer: 9,
  upgrade: 10,
  connection: 11,
  'content-length': 12,
  'transfer-encoding': 13,
  expect: 14,
  'x-request-id': 15,
  forwarded: 16,
  'x-forwarded-for': 17,
  'x-forwarded-proto': 18,
  'x-forwarded-host': 19,
} as const;
export type ReadName = keyof typeof SLOTS;

const slotOfName: ReadonlyMap<string, number> = new Map(Object.entries(SLOTS));

/**
 * For this hop only (RFC 9110 section 7.6.1 and the fields it lists): the gateway writes its own.
 * `trailer` is here because trailers are not forwarded, `expect` because the gateway answers it,
 * `http2-settings` because no upgrade but WebSocket's is (RFC 9113 section 3.1).
 */
const hopByHop: readonly string[] = [
  // Aliases only: under their exact names these two frame the body.
  'transfer-encoding',
  'content-length',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
  'expect',
];

/**
 * Removed from every request. Overrides of method, path and address would make an application or
 * the mesh act on something other than what was judged (CVE-2026-40575, CVE-2023-27487,
 * CVE-2024-45806); `forwarded`, `x-forwarded-*` and `x-request-id` are written anew by the gateway.
 * An alias (`X_HTTP_Method_Override`) is removed too: it can only have been meant to slip through.
 */
const removedHeaders: readonly string[] = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-*',
  'x-rewrite-*',
  'x-envoy-*',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'forwarded',
  'x-forwarded',
  'x-forwarded-*',
  'x-request-id',
];

export const NOT_READ = -1;

export interface HeaderTraits {
  /** Where a walk keeps the value; NOT_READ when nothing reads it. */
  readonly slot: number;
  readonly identity: HeaderIdentity;
  /** The managed list's entry, for counting; empty unless `identity` is managed. */
  readonly managedEntry: string;
  /** What becomes of it; `essential` passes even when Connection names it. */
  readonly upstream: 'essential' | 'passes' | 'cookie' | 'authorization' | 'removed';
}

/** Their exact names pass; request hygiene has made sure that they are sound. */
const fates: ReadonlyMap<string, HeaderTraits['upstream']> = new Map([
  ['host', 'essential'],
  ['content-length', 'essential'],
  ['transfer-encoding', 'essential'],
  ['cookie', 'cookie'],
  ['authorization', 'authorization'],
]);

/** Names longer than this are not remembered: memory stays bounded whatever clients send. */
const REMEMBERED_NAME_LENGTH = 64;
const REMEMBERED_NAMES = 1024;

/** The compiled table: asked once per header, by the name as received. */
export class HeaderTable {
  readonly #managed: ManagedHeaders;
  readonly #removedExactly = new Set<string>();
  readonly #removedPrefixes: string[] = [];
  readonly #remembered = new Map<string, HeaderTraits>();

  constructor(managed: ManagedHeaders) {
    this.#managed = managed;
    for (const name of [...hopByHop, ...removedHeaders]) {
      if (name.endsWith('*')) this.#removedPrefixes.push(name.slice(0, -1));
      else this.#removedExactly.add(name);
    }
  }

  traitsOf(name: string): HeaderTraits {
    const known = this.#remembered.get(name);
    if (known !== undefined) return known;
    const traits = this.#judge(name);
    if (name.length <= REMEMBERED_NAME_LENGTH) {
      // Emptied rather than evicted one by one: only a client that invents names gets here often.
      if (this.#remembered.size >= REMEMBERED_NAMES) this.#remembered.clear();
      this.#remembered.set(name, traits);
    }
    return traits;
  }

  #judge(name: string): HeaderTraits {
    const identity = this.#managed.classify(name);
    const lower = name.toLowerCase();
    return {
      slot: slotOfName.get(lower) ?? NOT_READ,
      identity,
      managedEntry: identity === 'managed' ? (this.#managed.entryOf(name) ?? '') : '',
      upstream: identity === 'other' ? this.#fateOf(lower) : 'removed',
    };
  }

  #fateOf(lower: string): HeaderTraits['upstream'] {
    const folded = foldHeaderName(lower);
    const isRemoved =
      this.#removedExactly.has(folded) ||
      this.#removedPrefixes.some((prefix) => folded.startsWith(prefix));
    return fates.get(lower) ?? (isRemoved ? 'removed' : 'passes');
  }
}
