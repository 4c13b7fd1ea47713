// Owns path patterns of the catalogue: how they are written, and which of two says more.

export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  /** One segment that is not empty, between fixed beginnings and endings (`{run}:archive`). */
  | {
      readonly kind: 'placeholder';
      readonly name: string;
      readonly prefix: string;
      readonly suffix: string;
    };

export interface PathPattern {
  /** As written. */
  readonly text: string;
  readonly segments: readonly PatternSegment[];
  /** True for a trailing `**`: the segments above and everything below them. */
  readonly hasRest: boolean;
  /** Literals from this index on are compared without regard to case. */
  readonly foldedFrom: number;
}

export const EXACT_CASE = Number.MAX_SAFE_INTEGER;

const literal = /^[\w.~!$&'()*+,=:@-]+$/;
const placeholder = /^([\w.~$-]*)\{([a-z][A-Za-z0-9]*)\}([\w.~$:-]*)$/;

/**
 * Parses `/a/{name}/**`: literal segments, placeholders, and at the end perhaps `**` for everything
 * below, the path itself included. Undefined for anything else; an escape is never part of a pattern.
 */
export function parsePattern(text: string, foldedFrom: number): PathPattern | undefined {
  if (!text.startsWith('/')) return undefined;
  const parts = text === '/' ? [] : text.slice(1).split('/');
  const hasRest = parts.at(-1) === '**';
  const segments = (hasRest ? parts.slice(0, -1) : parts).map(parseSegment);
  const known = segments.filter((segment) => segment !== undefined);
  return known.length === segments.length
    ? { text, segments: known, hasRest, foldedFrom }
    : undefined;
}

function parseSegment(text: string): PatternSegment | undefined {
  if (/^\.{1,2}$|^\*+$/.test(text)) return undefined;
  if (literal.test(text)) return { kind: 'literal', text };
  const [, prefix = '', name, suffix = ''] = placeholder.exec(text) ?? [];
  return name === undefined ? undefined : { kind: 'placeholder', name, prefix, suffix };
}

/** Index of the segment that placeholder `name` stands for; -1 when the pattern has none. */
export function indexOfPlaceholder({ segments }: PathPattern, name: string): number {
  return segments.findIndex((each) => each.kind === 'placeholder' && each.name === name);
}

/** Whether some path fits both patterns. */
export function patternsOverlap(a: PathPattern, b: PathPattern): boolean {
  const shared = Math.min(a.segments.length, b.segments.length);
  if (a.segments.length > shared && !b.hasRest) return false;
  if (b.segments.length > shared && !a.hasRest) return false;
  return everyPair(a, b, shared, segmentsOverlap);
}

/** Whether every path that fits `narrow` fits `broad`. */
export function patternCovers(broad: PathPattern, narrow: PathPattern): boolean {
  const shared = broad.segments.length;
  if (narrow.segments.length < shared) return false;
  if (!broad.hasRest && (narrow.hasRest || narrow.segments.length > shared)) return false;
  return everyPair(broad, narrow, shared, segmentCovers);
}

type PairTest = (a: PatternSegment, b: PatternSegment, isFolded: boolean) => boolean;

function everyPair(a: PathPattern, b: PathPattern, count: number, test: PairTest): boolean {
  for (let index = 0; index < count; index++) {
    const [left, right] = [a.segments[index], b.segments[index]];
    const isFolded = index >= a.foldedFrom || index >= b.foldedFrom;
    if (left === undefined || right === undefined || !test(left, right, isFolded)) return false;
  }
  return true;
}

function segmentsOverlap(a: PatternSegment, b: PatternSegment, isFolded: boolean): boolean {
  if (a.kind === 'literal') return segmentTakes(b, a.text, isFolded);
  if (b.kind === 'literal') return segmentTakes(a, b.text, isFolded);
  return (
    beginsAlike(a.prefix, b.prefix) &&
    beginsAlike(Array.from(a.suffix).reverse().join(''), Array.from(b.suffix).reverse().join(''))
  );
}

function beginsAlike(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function segmentCovers(broad: PatternSegment, narrow: PatternSegment, isFolded: boolean): boolean {
  if (narrow.kind === 'literal') return segmentTakes(broad, narrow.text, isFolded);
  if (broad.kind === 'literal') return false;
  return narrow.prefix.startsWith(broad.prefix) && narrow.suffix.endsWith(broad.suffix);
}

/** Whether a segment of a path fits. `text` must not be empty. */
export function segmentTakes(pattern: PatternSegment, text: string, isFolded: boolean): boolean {
  const given = isFolded ? text.toLowerCase() : text;
  if (pattern.kind === 'literal')
    return given === (isFolded ? pattern.text.toLowerCase() : pattern.text);
  const { prefix, suffix } = pattern;
  return (
    given.length > prefix.length + suffix.length &&
    given.startsWith(isFolded ? prefix.toLowerCase() : prefix) &&
    given.endsWith(isFolded ? suffix.toLowerCase() : suffix)
  );
}

/**
 * Whether `a` is tried before `b` where a path fits both: at the first segment that differs a literal
 * goes before a placeholder, and of placeholders the one with more fixed text; then the longer one.
 */
export function goesBefore(a: PathPattern, b: PathPattern): boolean {
  const shared = Math.min(a.segments.length, b.segments.length);
  for (let index = 0; index < shared; index++) {
    const difference = fixedness(a.segments[index]) - fixedness(b.segments[index]);
    if (difference !== 0) return difference > 0;
  }
  return a.segments.length > shared || (b.segments.length === shared && b.hasRest && !a.hasRest);
}

function fixedness(segment: PatternSegment | undefined): number {
  if (segment === undefined) return 0;
  return segment.kind === 'literal'
    ? Number.MAX_SAFE_INTEGER
    : segment.prefix.length + segment.suffix.length;
}
