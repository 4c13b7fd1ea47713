import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EXACT_CASE,
  goesBefore,
  parsePattern,
  patternCovers,
  patternsOverlap,
  segmentTakes,
  type PathPattern,
} from './path-pattern.ts';

function pattern(text: string, foldedFrom = EXACT_CASE): PathPattern {
  const parsed = parsePattern(text, foldedFrom);
  if (parsed === undefined) throw new Error(`not a pattern: ${text}`);
  return parsed;
}

/** Whether a path fits, segment by segment: the definition, without a tree. */
function fits({ segments, hasRest, foldedFrom }: PathPattern, path: readonly string[]): boolean {
  if (path.length < segments.length || (!hasRest && path.length > segments.length)) return false;
  return segments.every((segment, index) =>
    segmentTakes(segment, path[index] ?? '', index >= foldedFrom),
  );
}

describe('a path pattern', () => {
  it.each(['/', '/**', '/a', '/a/{b}/c', '/a/{b}/**', '/a/{run}:archive', '/pre{x}', '/a.b/c:d'])(
    'can be %s',
    (text) => {
      expect(parsePattern(text, EXACT_CASE)?.text).toBe(text);
    },
  );

  it.each([
    'a',
    '',
    '/a/',
    '//a',
    '/a//b',
    '/**/a',
    '/a/*',
    '/./a',
    '/a/..',
    '/a%20b',
    '/{a}{b}',
    '/{}',
    '/{A}',
    '/a?b',
    '/a b',
    '/a;b',
  ])('cannot be %j', (text) => {
    expect(parsePattern(text, EXACT_CASE)).toBeUndefined();
  });

  it.each([
    ['/a/**', '/a'],
    ['/a/**', '/a/{b}/c'],
    ['/a/{x}', '/a/b'],
    ['/a/{x}', '/a/{y}suffix'],
    ['/a/{x}.js', '/a/{y}.min.js'],
    ['/**', '/'],
  ])('%s covers %s and not the other way round', (broad, narrow) => {
    expect(patternCovers(pattern(broad), pattern(narrow))).toBe(true);
    expect(patternCovers(pattern(narrow), pattern(broad))).toBe(false);
    expect(patternsOverlap(pattern(broad), pattern(narrow))).toBe(true);
  });

  it.each([
    ['/a/{x}/c', '/a/b/{y}'],
    ['/{file}.js', '/pipeline{more}/**'],
    ['/a/**', '/{x}/b'],
  ])('%s and %s overlap, and neither covers the other', (one, other) => {
    expect(patternsOverlap(pattern(one), pattern(other))).toBe(true);
    expect(patternCovers(pattern(one), pattern(other))).toBe(false);
    expect(patternCovers(pattern(other), pattern(one))).toBe(false);
  });

  it.each([
    ['/a', '/b'],
    ['/a', '/A'],
    ['/a/{x}', '/a'],
    ['/a/{x}', '/a/b/c'],
    ['/a/{x}.js', '/a/{x}.css'],
    ['/pre{x}', '/post{x}'],
  ])('%s and %s have no path in common', (one, other) => {
    expect(patternsOverlap(pattern(one), pattern(other))).toBe(false);
  });

  it('ignores case where its application does', () => {
    expect(patternsOverlap(pattern('/api/x', 0), pattern('/API/{y}'))).toBe(true);
    expect(patternsOverlap(pattern('/api/x', 1), pattern('/API/{y}'))).toBe(false);
    expect(fits(pattern('/api/x', 1), ['api', 'X'])).toBe(true);
    expect(fits(pattern('/api/x', 1), ['API', 'x'])).toBe(false);
  });
});

const piece = fc.constantFrom('a', 'b', 'ab', 'ba');
const patternSegment = fc.oneof(
  piece,
  fc.constantFrom('{x}', 'a{x}', '{x}b', 'a{x}b').map((text) => text),
);
const anyPattern = fc
  .tuple(fc.array(patternSegment, { maxLength: 3 }), fc.boolean())
  .map(([segments, hasRest]) => [...segments, ...(hasRest ? ['**'] : [])])
  // A placeholder's name says nothing; several may have the same here.
  .map((segments) => pattern(`/${segments.join('/')}`));
const anyPath = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', 'aab', 'abb', 'acb'), {
  maxLength: 4,
});

describe('any two patterns', () => {
  it('share a path only if they overlap, and all of it if one covers the other', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, anyPath, (one, other, path) => {
        if (!fits(other, path)) return;
        if (fits(one, path)) expect(patternsOverlap(one, other)).toBe(true);
        else expect(patternCovers(one, other)).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });

  it('are tried in one order', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, (one, other) => {
        expect(goesBefore(one, other) && goesBefore(other, one)).toBe(false);
        const isNarrower = patternCovers(other, one) && !patternCovers(one, other);
        const hasAffix = /\w\{|\}\w/.test(one.text + other.text);
        if (isNarrower && !hasAffix) expect(goesBefore(one, other)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
