// Owns the headers of an application's answer towards the client.
import { isOwnCookie } from '../request/own-cookies.ts';

/**
 * For this hop only (RFC 9110 section 7.6.1). `trailer` too, since trailers are not forwarded
 * (section 6.5.1 lets an intermediary discard them).
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Of the names in `Connection`, those that say something about the connection itself. */
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set(['', 'close', 'keep-alive', 'upgrade']);

/**
 * Filters alternating names and values as received. Besides what belongs to the hop these are
 * dropped: `Set-Cookie` of the gateway's names, `Clear-Site-Data`, with which one application would
 * sign its visitors out of all (they share the origin), and `NEL`, with which it would have their
 * browsers report every URL of the origin to an address of its choice. `Service-Worker-Allowed` is
 * narrowed to `scope`, so that a notebook cannot install a worker over the whole site.
 */
export function returnedHeaders(received: readonly string[], scope: string): string[] {
  const named = namedInConnection(received);
  const headers: string[] = [];
  let isChunked = false;
  for (let at = 0; at + 1 < received.length; at += 2) {
    const name = received[at] ?? '';
    const value = received[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding') isChunked = true;
    if (HOP_BY_HOP.has(lower) || named?.has(lower) === true) continue;
    const kept = keptValue(lower, value, scope);
    if (kept !== undefined) headers.push(name, kept);
  }
  // Beside a transfer coding a length is a smuggling attempt or an error (RFC 9112 section 6.3).
  return isChunked ? withoutLength(headers) : headers;
}

function keptValue(lower: string, value: string, scope: string): string | undefined {
  switch (lower) {
    case 'clear-site-data':
    case 'nel':
      return undefined;
    case 'set-cookie':
      return setsOwnCookie(value) ? undefined : value;
    case 'service-worker-allowed':
      return isWithin(value, scope) ? value : scope;
    default:
      return value;
  }
}

/**
 * A cookie without a name is sent back as its bare value (RFC 6265bis section 5.7), so
 * `=kfgw=x` comes back looking like ours: leading `=` and white space do not count.
 */
function setsOwnCookie(value: string): boolean {
  const [name = ''] = value.replace(/^[\s=]+/, '').split(/[=;]/, 1);
  return isOwnCookie(name.trim());
}

/** Of RFC 3986's `pchar` all but escapes: browsers drop tabs, and end the path at `?` and `#`. */
const plainPath = /^[-\w.~!$&'()*+,;=:@/]*$/;

/** A plain path below the scope; anything that a browser would still have to resolve is not. */
function isWithin(value: string, scope: string): boolean {
  return value.startsWith(scope) && plainPath.test(value) && !/\/\/|\/\.{1,2}(?:\/|$)/.test(value);
}

function namedInConnection(received: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined;
  for (let at = 0; at + 1 < received.length; at += 2) {
    if (received[at]?.toLowerCase() !== 'connection') continue;
    for (const token of (received[at + 1] ?? '').toLowerCase().split(',')) {
      if (!CONNECTION_OPTIONS.has(token.trim())) (named ??= new Set()).add(token.trim());
    }
  }
  return named;
}

/** For answers that have no content and must not name its length: 101 and 204 (RFC 9110 section 8.6). */
export function withoutLength(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (name.toLowerCase() !== 'content-length') kept.push(name, headers[at + 1] ?? '');
  }
  return kept;
}

/** How many segments name one object, in applications that serve one object each. */
const objectDepth: ReadonlyMap<string, number> = new Map([
  ['notebook', 3],
  ['tensorboard', 3],
  ['pvcviewers', 3],
  ['serving', 3],
  ['workspace', 4],
]);

/**
 * The widest scope that a service worker of this answer may have: the object's own prefix, such as
 * `/notebook/ns/name/`; elsewhere the application's prefix or first directory, whichever is longer.
 */
export function workerScope(path: readonly string[], prefix: readonly string[]): string {
  const depth = objectDepth.get(path[0] ?? '');
  // The last segment names a file, unless it names the object itself.
  const directories = depth === undefined ? path.slice(0, -1) : path;
  const scope = directories
    .slice(0, Math.max(depth ?? 1, prefix.length))
    .filter((segment) => segment !== '');
  return scope.length === 0 ? '/' : `/${scope.join('/')}/`;
}
