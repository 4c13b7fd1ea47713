// Owns reading and removing the gateway's own cookies in Cookie headers; all others pass byte for byte.
import { isOwnCookie, mayHoldOwnCookie } from './own-cookies.ts';

export type CookieValue =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'absent' }
  /** Sent twice with different values, or behind a comma, where joined header lines begin. */
  | { readonly kind: 'ambiguous' };

const absent: CookieValue = { kind: 'absent' };
const ambiguous: CookieValue = { kind: 'ambiguous' };

/**
 * The value of cookie `name`, as received, in the Cookie header `header` (RFC 6265 section 4.2.1;
 * several lines are joined with `; ` first). Linear in the length of the header.
 */
export function readCookie(header: string | undefined, name: string): CookieValue {
  if (header === undefined) return absent;
  let found: CookieValue = absent;
  // Native search from one occurrence to the next: cookies of applications are not even looked at.
  for (let at = header.indexOf(name); at !== -1; at = header.indexOf(name, at + name.length)) {
    const read = readAt(header, at, name);
    if (read.kind === 'ambiguous') return ambiguous;
    if (read.kind === 'absent') continue;
    if (found.kind === 'value' && found.value !== read.value) return ambiguous;
    found = read;
  }
  return found;
}

/** The header without our cookies, otherwise byte for byte; undefined when nothing remains. */
export function withoutOwnCookies(header: string): string | undefined {
  if (!mayHoldOwnCookie(header)) return header;
  const kept: string[] = [];
  let hasDropped = false;
  for (let from = 0; from <= header.length;) {
    const end = endOfPair(header, from);
    const pair = header.slice(from, end);
    if (isOwnCookie(nameOf(pair))) hasDropped = true;
    else kept.push(pair);
    from = end + 1;
  }
  if (!hasDropped) return header;
  const rest = kept.join(';').trimStart();
  return rest === '' ? undefined : rest;
}

/** How many pairs the header has, for the limit on them. */
export function countCookies(header: string): number {
  let count = 1;
  for (let at = header.indexOf(';'); at !== -1; at = header.indexOf(';', at + 1)) count++;
  return count;
}

function endOfPair(header: string, from: number): number {
  const end = header.indexOf(';', from);
  return end === -1 ? header.length : end;
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals === -1 ? pair : pair.slice(0, equals)).trim();
}

/** What `name` at this position is: a cookie of ours, or a part of something else. */
function readAt(header: string, at: number, name: string): CookieValue {
  const equals = skipBlanks(header, at + name.length, 1);
  if (header[equals] !== '=') return absent;
  const before = header[skipBlanks(header, at - 1, -1)];
  // Envoy joins repeated Cookie lines with a comma: what follows one may be the start of a line.
  if (before === ',') return ambiguous;
  if (before !== undefined && before !== ';') return absent;
  return { kind: 'value', value: header.slice(equals + 1, endOfPair(header, equals)).trim() };
}

function skipBlanks(header: string, from: number, step: 1 | -1): number {
  let index = from;
  while (header[index] === ' ' || header[index] === '\t') index += step;
  return index;
}
