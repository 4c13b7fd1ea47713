import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EXACT_CASE,
  goesBefore,
  parsePattern,
  patternCovers,
  segmentTakes,
  type PathPattern,
} from './path-pattern.ts';
import { RouteTree } from './route-tree.ts';

function treeWith(...texts: readonly string[]): RouteTree<string> {
  const tree = new RouteTree<string>();
  for (const text of texts) tree.add(pattern(text), ['GET'], text);
  return tree;
}

function pattern(text: string, foldedFrom = EXACT_CASE): PathPattern {
  const parsed = parsePattern(text, foldedFrom);
  if (parsed === undefined) throw new Error(`not a pattern: ${text}`);
  return parsed;
}

function found(tree: RouteTree<string>, path: string, method = 'GET'): string | undefined {
  return tree.find(path.slice(1).split('/'), method);
}

describe('a route tree', () => {
  const tree = treeWith(
    '/',
    '/a/**',
    '/a/b',
    '/a/{x}',
    '/a/{x}/c',
    '/a/b/{y}/d',
    '/a/{run}:stop',
    '/f{x}',
  );

  it.each([
    ['/', '/'],
    ['/a', '/a/**'],
    ['/a/', '/a/**'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b'],
    ['/a/x', '/a/{x}'],
    ['/a/x:stop', '/a/{run}:stop'],
    ['/a/:stop', '/a/{x}'],
    ['/a/b/c', '/a/{x}/c'],
    ['/a/b/c/d', '/a/b/{y}/d'],
    ['/a/b/c/e', '/a/**'],
    ['/fx', '/f{x}'],
    ['/f', undefined],
    ['/A/b', undefined],
    ['/b', undefined],
  ])('leads %s to %s', (path, wanted) => {
    expect(found(tree, path)).toBe(wanted);
  });

  it('takes no empty segment for a placeholder', () => {
    expect(found(tree, '/a//c')).toBe('/a/**');
    expect(found(treeWith('/a/{x}'), '/a//')).toBeUndefined();
  });

  it('tries the next row where the most specific one does not take the method', () => {
    const methods = new RouteTree<string>();
    methods.add(pattern('/a/b'), ['POST'], 'narrow');
    methods.add(pattern('/a/{x}'), ['GET', 'POST'], 'broad');
    expect(found(methods, '/a/b', 'POST')).toBe('narrow');
    expect(found(methods, '/a/b', 'GET')).toBe('broad');
    expect(found(methods, '/a/b', 'PUT')).toBeUndefined();
  });

  it('keeps what was added first', () => {
    const twice = new RouteTree<string>();
    twice.add(pattern('/a/{x}'), ['GET'], 'first');
    twice.add(pattern('/a/{y}'), ['GET', 'PUT'], 'second');
    expect(found(twice, '/a/b')).toBe('first');
    expect(found(twice, '/a/b', 'PUT')).toBe('second');
  });

  it('ignores case from where it is told to, and prefers the exact spelling', () => {
    const folded = new RouteTree<string>();
    folded.add(pattern('/app/Api/{x}.JS', 1), ['GET'], 'folded');
    folded.add(pattern('/app/api/exact'), ['GET'], 'exact');
    expect(found(folded, '/app/aPI/x.js')).toBe('folded');
    expect(found(folded, '/app/api/X.Js')).toBe('folded');
    expect(found(folded, '/app/api/exact')).toBe('exact');
    expect(found(folded, '/APP/api/x.js')).toBeUndefined();
  });

  it('tells how far another spelling could have led elsewhere', () => {
    const looked = (path: string): number => {
      found(tree, path);
      return tree.looked;
    };
    expect(looked('/a/b/c/d')).toBe(4);
    expect(looked('/a/zzz/zzz/zzz')).toBe(3);
    expect(looked('/zzz/b/c')).toBe(1);
    expect(looked('/a//c')).toBe(2);
  });
});

const part = fc.constantFrom('a', 'b', '{x}');
const anyPattern = fc
  .tuple(fc.array(part, { maxLength: 3 }), fc.boolean())
  .map(([parts, hasRest]) => `/${[...parts, ...(hasRest ? ['**'] : [])].join('/')}`);
const anyPath = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 });

describe('any route tree', () => {
  it('leads to the first of all patterns that fit, as their order says', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyPattern, { maxLength: 12 }), anyPath, (texts, path) => {
        const fitting = texts.map((text) => pattern(text)).filter((each) => fits(each, path));
        const [best] = fitting.filter((one) =>
          fitting.every((other) => other === one || goesBefore(one, other)),
        );
        expect(treeWith(...texts).find(path, 'GET')).toBe(best?.text);
        if (best !== undefined)
          for (const other of fitting)
            expect(other === best || !patternCovers(best, other)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });
});

function fits({ segments, hasRest }: PathPattern, path: readonly string[]): boolean {
  if (path.length < segments.length || (!hasRest && path.length > segments.length)) return false;
  return segments.every((segment, index) => segmentTakes(segment, path[index] ?? '', false));
}
