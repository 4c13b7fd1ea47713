// Owns reading one query parameter that decides; everything else in the query is never decoded.
import type { Target } from './target.ts';

export type QueryParameter =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'absent' }
  /** Badly encoded, or sent so that applications would read different values. */
  | { readonly kind: 'refused' };

/** What readers of queries take at most: `qs` (parameterLimit) and Node's `querystring` (maxKeys). */
const MOST_PAIRS = 1000;

const absent: QueryParameter = { kind: 'absent' };
const refused: QueryParameter = { kind: 'refused' };

/**
 * The value of parameter `name`, decoded as Go's net/url and WSGI decode it (`+` is a space).
 * Refused where readers differ: a repeat in any spelling of the name (Go and Flask take the first,
 * Express makes an array), `name[…]` and `[name]` (Express reads them as the same parameter), a `;` as separator
 * or in the value (older Go and Python split there), and an escape that is not UTF-8.
 */
export function readQueryParameter(target: Target, name: string): QueryParameter {
  if (target.query === undefined) return absent;
  let found: QueryParameter = absent;
  let pairs = 0;
  for (const pair of target.query.split('&')) {
    pairs++;
    const read = readPair(pair, name);
    if (read.kind === 'absent') continue;
    if (read.kind === 'refused' || found.kind === 'value' || pairs > MOST_PAIRS) return refused;
    found = read;
  }
  return found;
}

function readPair(pair: string, name: string): QueryParameter {
  if (!pair.includes(';')) return readPlainPair(pair, name);
  const isTouched = pair.split(';').some((part) => readPlainPair(part, name).kind !== 'absent');
  return isTouched ? refused : absent;
}

function readPlainPair(pair: string, name: string): QueryParameter {
  const equals = pair.indexOf('=');
  const key = decodeForm(equals === -1 ? pair : pair.slice(0, equals));
  if (key !== name) return key !== undefined && isBracketed(key, name) ? refused : absent;
  const value = equals === -1 ? '' : decodeForm(pair.slice(equals + 1));
  return value === undefined ? refused : { kind: 'value', value };
}

/** Express (its parser `qs`) reads `name[…]` and `[name]` as the same parameter. */
function isBracketed(key: string, name: string): boolean {
  return key.startsWith(`${name}[`) || key.startsWith(`[${name}]`);
}

/** application/x-www-form-urlencoded, strictly: undefined for a bad escape or bad UTF-8. */
function decodeForm(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
