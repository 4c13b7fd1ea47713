// Owns reading and removing the gateway's own cookies in Cookie headers; all others pass byte for byte.
import { isOwnCookie } from './own-cookies.ts';

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
  // Most requests carry either one cookie of ours or none at all: native search first.
  if (header?.includes(name) !== true) return absent;
  let found: CookieValue = absent;
  for (let from = 0; from <= header.length;) {
    const end = endOfPair(header, from);
    const read = readPair(header.slice(from, end), name);
    if (read.kind === 'ambiguous') return ambiguous;
    if (read.kind === 'value') {
      if (found.kind === 'value' && found.value !== read.value) return ambiguous;
      found = read;
    }
    from = end + 1;
  }
  return found;
}

/** The header without our cookies, otherwise byte for byte; undefined when nothing remains. */
export function withoutOwnCookies(header: string): string | undefined {
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

function readPair(pair: string, name: string): CookieValue {
  const equals = pair.indexOf('=');
  if (equals !== -1 && pair.slice(0, equals).trim() === name) {
    return { kind: 'value', value: pair.slice(equals + 1).trim() };
  }
  return pair.includes(',') && hasBehindComma(pair, name) ? ambiguous : absent;
}

/** Envoy joins repeated Cookie lines with a comma, so what follows one may be the start of a line. */
function hasBehindComma(pair: string, name: string): boolean {
  for (let comma = pair.indexOf(','); comma !== -1; comma = pair.indexOf(',', comma + 1)) {
    const equals = pair.indexOf('=', comma);
    if (equals === -1) return false;
    if (pair.slice(comma + 1, equals).trim() === name) return true;
  }
  return false;
}
