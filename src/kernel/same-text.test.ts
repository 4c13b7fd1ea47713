import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSameText } from './same-text.ts';

test('tells the same text from every other', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(isSameText(one, one)).toBe(true);
      expect(isSameText(one, other)).toBe(one === other);
    }),
  );
});

test.each([
  ['secret', 'secreT'],
  ['secret', 'secret '],
  ['é', 'e\u0301'],
  ['', 'a'],
])('%j is not %j', (one, other) => {
  expect(isSameText(one, other)).toBe(false);
});
