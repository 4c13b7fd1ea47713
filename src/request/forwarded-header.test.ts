import { describe, expect, it } from 'vitest';
import { parseForwarded } from './forwarded-header.ts';

function elements(value: string): Record<string, string>[] {
  return parseForwarded(value).map((element) => Object.fromEntries(element));
}

describe('parseForwarded', () => {
  it('reads elements left to right with names in lower case', () => {
    expect(elements('For=192.0.2.43;Proto=https, for=198.51.100.17')).toEqual([
      { for: '192.0.2.43', proto: 'https' },
      { for: '198.51.100.17' },
    ]);
  });

  it('reads quoted values with separators and escapes in them', () => {
    expect(elements('for="[2001:db8::1]:47011";host="a,b;c\\"d"')).toEqual([
      { for: '[2001:db8::1]:47011', host: 'a,b;c"d' },
    ]);
  });

  it.each([
    ['for=1.1.1.1, for =2.2.2.2, for=3.3.3.3', ['3.3.3.3']],
    ['for=1.1.1.1, for=2.2.2.2;for=4.4.4.4, for=3.3.3.3', ['3.3.3.3']],
    ['for=1.1.1.1, , for=3.3.3.3', ['3.3.3.3']],
    ['for="1.1.1.1, for=3.3.3.3', ['3.3.3.3']],
    ['for=1.1.1.1, for="3.3.3.3', []],
    ['for=[::1]', []],
    ['nonsense', []],
    ['', []],
  ])('leaves out of %j what does not parse and all to its left', (value, addresses) => {
    expect(elements(value).map((element) => element['for'])).toEqual(addresses);
  });
});
