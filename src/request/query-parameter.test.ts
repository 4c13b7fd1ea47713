import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readQueryParameter, type QueryParameter } from './query-parameter.ts';
import { parseTarget } from './target.ts';

function read(query: string, name = 'namespace'): QueryParameter {
  const parsed = parseTarget(`/x${query}`);
  if (parsed.kind === 'refused') throw new Error(`${query} was refused: ${parsed.reason}`);
  return readQueryParameter(parsed.target, name);
}

describe('readQueryParameter', () => {
  it.each([
    ['?namespace=team-a', 'team-a'],
    ['?a=1&namespace=team-a&b=2', 'team-a'],
    ['?namespace=', ''],
    ['?namespace', ''],
    ['?namespac%65=team-a', 'team-a'],
    ['?namespace=a+b%2Bc', 'a b+c'],
    ['?namespace=a=b', 'a=b'],
    ['?namespace=%C3%A9', 'é'],
    ['?a=%zz&%=1&namespace=team-a', 'team-a'],
    ['?a=1;b=2&namespace=team-a', 'team-a'],
    [`?${'a&'.repeat(999)}namespace=team-a`, 'team-a'],
  ])('%s is %j', (query, value) => {
    expect(read(query)).toEqual({ kind: 'value', value });
  });

  it.each(['', '?', '?a=1', '?Namespace=x', '?namespaces=x', '?ns=namespace', '?a=namespace=x'])(
    '%j has none',
    (query) => {
      expect(read(query)).toEqual({ kind: 'absent' });
    },
  );

  it.each([
    ['?namespace=a&namespace=b', 'a repeat'],
    ['?namespace=a&namespace=a', 'a repeat of the same value'],
    ['?namespace=a&n%61mespace=b', 'a repeat in another spelling'],
    ['?namespace=a&namespace', 'a repeat without a value'],
    ['?namespace=%zz', 'an incomplete escape'],
    ['?namespace=%ff', 'bytes that are not UTF-8'],
    ['?namespace=%c0%ae', 'overlong UTF-8'],
    ['?namespace[]=a', 'an array as Express reads it'],
    ['?namespace=a&namespace%5B0%5D=b', 'an array beside a value'],
    ['?[namespace]=a', 'brackets around it, which Express drops'],
    ['?namespace=a&%5Bnamespace%5D[]=b', 'brackets beside a value'],
    ['?namespace%5b%ff]=a', 'an array with a bad escape, which Express keeps as text'],
    ['?a=1;namespace=b', 'a semicolon before it'],
    ['?namespace=a;b', 'a semicolon in its value'],
    [`?${'a&'.repeat(1000)}namespace=b`, 'a place that Express does not read'],
  ])('refuses %s: %s', (query) => {
    expect(read(query)).toEqual({ kind: 'refused' });
  });

  it('decodes nothing that does not decide: a bad escape costs an exception', () => {
    const parsed = parseTarget(`/x?${'%f1&%f;'.repeat(2_300)}`);
    if (parsed.kind === 'refused') throw new Error(parsed.reason);
    const decode = vi.spyOn(globalThis, 'decodeURIComponent');
    expect(readQueryParameter(parsed.target, 'namespace')).toEqual({ kind: 'absent' });
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
  });

  it('is not confused by names of the language', () => {
    expect(read('?__proto__=x&constructor=y', '__proto__')).toEqual({ kind: 'value', value: 'x' });
  });

  it('reads what URLSearchParams writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (value, other) => {
        const query = new URLSearchParams({ other, namespace: value }).toString();
        expect(read(`?${query}`)).toEqual({ kind: 'value', value: value.toWellFormed() });
      }),
    );
  });

  it('never reads a value where URLSearchParams, split at & or ;, sees another', () => {
    const part = fc.constantFrom(
      'namespace',
      'n%61mespace',
      '=',
      '&',
      ';',
      '[]',
      '%',
      '%zz',
      'a',
      '+',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const query = parts.join('');
        const result = read(`?${query}`);
        if (result.kind !== 'value') return;
        for (const text of [query, query.replaceAll(';', '&')]) {
          expect(new URLSearchParams(text).getAll('namespace')).toEqual([result.value]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
