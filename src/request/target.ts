// Owns the canonical request target: parsed once, judged as parsed, forwarded as `raw`.
import type { ReasonCode } from '../kernel/reasons.ts';

/** An origin-form target (RFC 9112 section 3.2.1) that passed every rule of `parseTarget`. */
export interface Target {
  /** Path and query exactly as received; this and nothing else is forwarded. */
  readonly raw: string;
  /** The path as received, without the query. */
  readonly path: string;
  /** The query as received, without "?"; undefined when there is no "?". */
  readonly query: string | undefined;
  /** Path segments as received; `/a/b/` is `['a', 'b', '']`. */
  readonly segments: readonly string[];
  /** The same segments percent-decoded once, for judging only. */
  readonly decodedSegments: readonly string[];
}

export type ParsedTarget =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

/** What one walk over a part of the target has seen. */
const CONTROL = 1;
const FRAGMENT = 2;
const BACKSLASH = 4;
const PERCENT = 8;
const DOT = 16;

const SLASH_CODE = 0x2f;
const sights = new Uint8Array(128);
sights.fill(CONTROL, 0x00, 0x21);
sights[0x7f] = CONTROL;
sights['#'.charCodeAt(0)] = FRAGMENT;
sights['\\'.charCodeAt(0)] = BACKSLASH;
sights['%'.charCodeAt(0)] = PERCENT;
sights['.'.charCodeAt(0)] = DOT;

/**
 * A dot segment (RFC 3986 section 5.2.4). `..;x` counts: servlet containers drop the path parameter
 * before they resolve the segment.
 */
const dotSegment = /(?:^|\/)\.\.?(?:;[^/]*)?(?:\/|$)/;
/** Overlong UTF-8 (RFC 3629 section 3) and encoded C1 controls, both written as escapes. */
const overlongEscape = /%(?:c[01]%[89ab]|e0%[89]|f0%8)/i;
const c1Escape = /%c2%[89]/i;

/**
 * Parses a request target as received. Anything that two parsers could read differently is refused:
 * what was judged is what is forwarded. docs/decisions/0003-request-hygiene.md has the reasons.
 *
 * In the query only raw characters that no URI may hold are refused (RFC 3986 section 3.4); its
 * escapes are data of the application and pass byte for byte.
 */
export function parseTarget(raw: string): ParsedTarget {
  if (raw.charCodeAt(0) !== SLASH_CODE) return refused('target_form');
  // Parsers that take the target for a URI reference read `//x/y` as host x (CVE-2026-26205).
  if (raw.charCodeAt(1) === SLASH_CODE) return refused('target_ambiguous');
  const question = raw.indexOf('?');
  const pathEnd = question === -1 ? raw.length : question;
  const inPath = sightsIn(raw, 0, pathEnd);
  const seen = inPath | (sightsIn(raw, pathEnd, raw.length) & (CONTROL | FRAGMENT));
  if ((seen & (CONTROL | FRAGMENT | BACKSLASH)) !== 0) return refused(reasonFor(seen));

  const path = raw.slice(0, pathEnd);
  const fault = pathFault(path, inPath);
  if (fault !== undefined) return refused(fault);
  const segments = path.slice(1).split('/');
  const query = question === -1 ? undefined : raw.slice(question + 1);
  const decodedSegments = (inPath & PERCENT) === 0 ? segments : segments.map(decodedOnce);
  return { kind: 'target', target: { raw, path, query, segments, decodedSegments } };
}

function refused(reason: ReasonCode): ParsedTarget {
  return { kind: 'refused', reason };
}

function sightsIn(text: string, from: number, to: number): number {
  let seen = 0;
  for (let index = from; index < to; index++) seen |= sights[text.charCodeAt(index)] ?? CONTROL;
  return seen;
}

function reasonFor(seen: number): ReasonCode {
  if ((seen & CONTROL) !== 0) return 'target_control';
  return (seen & FRAGMENT) !== 0 ? 'target_fragment' : 'target_backslash';
}

function pathFault(path: string, seen: number): ReasonCode | undefined {
  if ((seen & PERCENT) === 0) {
    return (seen & DOT) !== 0 && dotSegment.test(path) ? 'target_dot_segment' : undefined;
  }
  const decoded = tryDecode(path);
  if (decoded === undefined) return 'target_encoding';
  return decodedFault(decoded) ?? (decoded.includes('%') ? nestedFault(decoded) : undefined);
}

/** Undefined for an incomplete escape and for bytes that are not well-formed UTF-8 (ECMA-262 section 19.2.6.5). */
function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Only for segments of a path that decodes as a whole: no UTF-8 sequence spans a slash. */
function decodedOnce(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}

function decodedFault(decoded: string): ReasonCode | undefined {
  if (/\p{Cc}/u.test(decoded)) return 'target_control';
  if (decoded.includes('\\')) return 'target_backslash';
  return dotSegment.test(decoded) ? 'target_dot_segment' : undefined;
}

/** The same faults, encoded more than once: an upstream or a proxy before it may decode again. */
function nestedFault(decodedOnce: string): ReasonCode | undefined {
  const text = decodedFully(decodedOnce);
  if (overlongEscape.test(text)) return 'target_encoding';
  if (c1Escape.test(text)) return 'target_control';
  return decodedFault(text);
}

/**
 * Undoes percent-encoding as often as it was applied, in linear time. An incomplete escape is text
 * here (a file may be called `100%`), and bytes above 0x7f stay escapes.
 */
function decodedFully(text: string): string {
  const characters: string[] = [];
  for (const character of text) {
    characters.push(character);
    while (collapseLastEscape(characters));
  }
  return characters.join('');
}

/** Replaces a complete ASCII escape at the end by its character; false when there is none. */
function collapseLastEscape(characters: string[]): boolean {
  if (characters.at(-3) !== '%') return false;
  const digits = characters.slice(-2).join('');
  if (!/^[0-7][\da-f]$/i.test(digits)) return false;
  characters.splice(-3, 3, String.fromCharCode(parseInt(digits, 16)));
  return true;
}
