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
  const first = pair.charAt(0);
  if (first !== name.charAt(0) && first !== '%' && first !== '[') return absent;
  const end = endOf(name, pair);
  if (end === -1) return endOf(`[${name}]`, pair) === -1 ? absent : refused;
  if (end === pair.length) return { kind: 'value', value: '' };
  if (pair[end] !== '=') return isAt(pair, end, '[') ? refused : absent;
  const value = decodeForm(pair.slice(end + 1));
  return value === undefined ? refused : { kind: 'value', value };
}

/**
 * Where `wanted`, ASCII without `+`, ends in a text that begins with it in any spelling; -1 where it does not.
 * Nothing else is decoded: a bad escape costs an exception, and a URL has room for thousands.
 */
function endOf(wanted: string, text: string): number {
  if (text.startsWith(wanted)) return wanted.length;
  let end = 0;
  for (const character of wanted) {
    if (!isAt(text, end, character)) return -1;
    end += text[end] === character ? 1 : 3;
  }
  return end;
}

/** As it is, or as an escape. */
function isAt(text: string, at: number, character: string): boolean {
  if (text[at] !== '%') return text[at] === character;
  return text.slice(at + 1, at + 3).toLowerCase() === character.charCodeAt(0).toString(16);
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
