import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fixtures/any-text.ts';
import { readParameters } from './parameters.ts';

describe('readParameters', () => {
  it('reads what URLSearchParams writes, whatever it holds', () => {
    const pairs = fc.uniqueArray(
      fc.tuple(
        anyText.filter((name) => name.isWellFormed()),
        anyText.filter((value) => value !== '' && value.isWellFormed()),
      ),
      { maxLength: 20, selector: ([name]) => name },
    );
    fc.assert(
      fc.property(pairs, (given) => {
        expect(readParameters(new URLSearchParams(given).toString())).toEqual(new Map(given));
      }),
    );
  });

  it('takes one without a value for absent', () => {
    expect(readParameters('scope=&state&client_id=x&')).toEqual(new Map([['client_id', 'x']]));
  });

  it.each([
    ['a repeat', 'a=1&a=2'],
    ['a repeat of an empty one', 'a=&a=2'],
    ['a repeat in another spelling', 'a=1&%61=1'],
    ['an escape that is none', 'a=%zz'],
    ['an escape that is cut off', 'a=%4'],
    ['an escape that is not UTF-8', 'a=%ff'],
    ['an overlong escape', 'a=%c0%af'],
    ['a bad name', '%ff=1'],
    ['more than a person sends', Array.from({ length: 31 }, (_, at) => `p${at}=1`).join('&')],
  ])('refuses %s', (_, text) => {
    expect(readParameters(text)).toBeUndefined();
  });
});
