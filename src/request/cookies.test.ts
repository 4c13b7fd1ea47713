import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countCookies, readCookie, withoutOwnCookies } from './cookies.ts';
import { isOwnCookie } from './own-cookies.ts';

const NAME = '__Host-kfgw';

describe('readCookie', () => {
  it.each([
    ['__Host-kfgw=abc', 'abc'],
    ['a=1; __Host-kfgw=abc; b=2', 'abc'],
    ['a=1;__Host-kfgw=abc;b=2', 'abc'],
    ['a=1;  \t__Host-kfgw \t= abc ;b=2', 'abc'],
    ['__Host-kfgw=', ''],
    ['__Host-kfgw=a=b=c', 'a=b=c'],
    ['__Host-kfgw="abc"', '"abc"'],
    ['a=x,y; __Host-kfgw=abc', 'abc'],
    ['a=x,; __Host-kfgw=abc', 'abc'],
    ['__Host-kfgw=abc; __Host-kfgw=abc', 'abc'],
    ['a=__Host-kfgw=1; __Host-kfgw=abc', 'abc'],
    ['__Host-kfgw; __Host-kfgw=abc', 'abc'],
    ['__Host-kfgw-login-0=x; __Host-kfgw=abc', 'abc'],
  ])('reads %j as %j', (header, value) => {
    expect(readCookie(header, NAME)).toEqual({ kind: 'value', value });
  });

  it.each([
    undefined,
    '',
    'a=1',
    '__Host-kfgw',
    'kfgw=abc',
    '__Host-kfgw-login-0=abc',
    'x__Host-kfgw=abc',
    'a=__Host-kfgw=abc',
    '__host-kfgw=abc',
    'a=b __Host-kfgw=abc',
  ])('finds none in %j', (header) => {
    expect(readCookie(header, NAME)).toEqual({ kind: 'absent' });
  });

  it.each([
    '__Host-kfgw=abc; __Host-kfgw=abd',
    '__Host-kfgw=abc; a=1; __Host-kfgw=',
    'a=1,__Host-kfgw=abc',
    'a=1, __Host-kfgw=abc',
    '__Host-kfgw=abc,__Host-kfgw=abc',
    '__Host-kfgw=abc; a=1,\t__Host-kfgw=abc',
    ',__Host-kfgw=abc',
  ])('finds %j ambiguous', (header) => {
    expect(readCookie(header, NAME)).toEqual({ kind: 'ambiguous' });
  });

  it('is not confused by names of the language', () => {
    expect(readCookie('__proto__=x; constructor=y', '__proto__')).toEqual({
      kind: 'value',
      value: 'x',
    });
    expect(readCookie('a=1', '__proto__')).toEqual({ kind: 'absent' });
  });

  it('reads 10,000 pairs and as many near misses in linear time', () => {
    const pairs = Array.from({ length: 10_000 }, (_, index) => `__Host-kfgw-login-${index}=v`);
    const header = [...pairs, `${' '.repeat(100_000)}__Host-kfgw=abc`].join(';');
    const before = performance.now();
    expect(readCookie(header, NAME)).toEqual({ kind: 'value', value: 'abc' });
    expect(withoutOwnCookies(`${header}; a=1`)).toBe('a=1');
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe('withoutOwnCookies', () => {
  it.each([
    ['a=1; b="x,y"; _xsrf=2|3', 'a=1; b="x,y"; _xsrf=2|3'],
    ['a=1; __Host-kfgw=abc; b=2', 'a=1; b=2'],
    ['__Host-kfgw=abc; a=1;b=2 ', 'a=1;b=2 '],
    ['a=1; kfgw=x; __Host-kfgw-login-4=y', 'a=1'],
    ['kfgw-login-0=x; a=1', 'a=1'],
    ['a=kfgw=1; kfgwx=2', 'a=kfgw=1; kfgwx=2'],
    ['kfgw', undefined],
    ['__Host-kfgw=abc', undefined],
    ['__Host-kfgw=abc; ', undefined],
    [' __Host-kfgw = abc ;a=1', 'a=1'],
  ])('%j becomes %j', (header, rest) => {
    expect(withoutOwnCookies(header)).toBe(rest);
  });
});

describe('countCookies', () => {
  it.each([
    ['a=1', 1],
    ['a=1; b=2;c', 3],
  ])('%j holds %i', (header, count) => {
    expect(countCookies(header)).toBe(count);
  });
});

describe('the cookie reader as a property', () => {
  const ownName = fc.constantFrom('__Host-kfgw', 'kfgw', '__Host-kfgw-login-1', 'kfgw-login-0');
  const otherName = fc.stringMatching(/^[A-Za-z_][\w-]{0,8}$/).filter((name) => !isOwnCookie(name));
  const value = fc.stringMatching(/^[\w.%|"=-]{0,12}$/);
  const blank = fc.constantFrom('', ' ', '  ', '\t');

  it('finds our cookie wherever it stands and whatever surrounds it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(blank, otherName, value)),
        fc.array(fc.tuple(blank, otherName, value)),
        fc.tuple(blank, blank, value),
        (before, after, [left, right, own]) => {
          const others = (list: typeof before): string[] =>
            list.map(([space, name, text]) => `${space}${name}=${text}`);
          const pair = `${left}__Host-kfgw${right}=${own}`;
          const header = [...others(before), pair, ...others(after)].join(';');
          expect(readCookie(header, NAME)).toEqual({ kind: 'value', value: own });
        },
      ),
    );
  });

  it('keeps the cookies of applications byte for byte and in order, and none of ours', () => {
    const pair = fc.tuple(fc.oneof(ownName, otherName), value);
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), (pairs) => {
        const header = pairs.map(([name, text]) => `${name}=${text}`).join('; ');
        const others = pairs.filter(([name]) => !isOwnCookie(name));
        const expected = others.map(([name, text]) => `${name}=${text}`).join('; ');
        expect(withoutOwnCookies(header) ?? '').toBe(expected);
      }),
    );
  });

  it('agrees with a reader that splits first, and leaves nothing that reads as ours', () => {
    const piece = fc.constantFrom('__Host-kfgw', 'kfgw', '=', ';', ',', ' ', 'a', '\t', '"');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
        const header = pieces.join('');
        const values = header.split(';').flatMap((pair) => {
          const [name = '', ...rest] = pair.split('=');
          return rest.length > 0 && /^[ \t]*__Host-kfgw[ \t]*$/.test(name)
            ? [rest.join('=').trim()]
            : [];
        });
        const read = readCookie(header, NAME);
        if (read.kind === 'value') expect(new Set(values)).toEqual(new Set([read.value]));
        if (read.kind === 'absent') expect(values).toEqual([]);
        if (new Set(values).size > 1) expect(read.kind).toBe('ambiguous');
        const rest = withoutOwnCookies(header);
        if (read.kind !== 'ambiguous') expect(readCookie(rest, NAME)).toEqual({ kind: 'absent' });
      }),
      { numRuns: 3000 },
    );
  });
});
