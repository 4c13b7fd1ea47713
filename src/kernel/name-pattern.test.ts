import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitsNamePattern, isNamePattern, sharesNames } from './name-pattern.ts';

describe('a pattern of names', () => {
  test.each(['ann', 'ci:*', '*@partner.example', '*'])('may be %s', (pattern) => {
    expect(isNamePattern(pattern)).toBe(true);
  });

  test.each(['', '**', 'a*b', '*a*', 'a**', '*@*', 'a*b*'])('is not "%s"', (pattern) => {
    expect(isNamePattern(pattern)).toBe(false);
    fc.assert(fc.property(fc.string(), (name) => !fitsNamePattern(name, [pattern])));
  });

  test.each<[name: string, pattern: string, fits: boolean]>([
    ['ann', 'ann', true],
    ['Ann', 'ann', false],
    ['ann ', 'ann', false],
    ['ci:build', 'ci:*', true],
    ['ci:', 'ci:*', true],
    ['CI:build', 'ci:*', false],
    ['aci:build', 'ci:*', false],
    ['ann@partner.example', '*@partner.example', true],
    ['ann@partner.example.evil', '*@partner.example', false],
    ['ann@evil@partner.example', '*@partner.example', true],
    ['ann@partner-example', '*@partner.example', false],
    ['anything', '*', true],
    ['a.n', 'a.*', true],
    ['abn', 'a.*', false],
  ])('holds for %s by %s: %s', (name, pattern, fits) => {
    expect(fitsNamePattern(name, [pattern])).toBe(fits);
    expect(fitsNamePattern(name, ['nobody', pattern])).toBe(fits);
    expect(fitsNamePattern(name, [])).toBe(false);
  });

  test.each<[one: string, other: string, shares: boolean]>([
    ['ann', 'ann', true],
    ['ann', 'bob', false],
    ['ci:build', 'ci:*', true],
    ['ci:*', 'ci:main:*', true],
    ['ci:*', 'github:*', false],
    ['*@partner.example', '*@eu.partner.example', false],
    ['*partner.example', '*@eu.partner.example', true],
    ['ci:*', '*@partner.example', false],
    ['*', 'ci:*', true],
    ['*', '*@partner.example', true],
  ])('%s and %s share names: %s', (one, other, shares) => {
    expect(sharesNames(one, other)).toBe(shares);
    expect(sharesNames(other, one)).toBe(shares);
  });
});
