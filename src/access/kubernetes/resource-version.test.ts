import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLater, isResourceVersion } from './resource-version.ts';

describe('resource versions', () => {
  it('are ordered as the numbers that they are, of any size', () => {
    const number = fc.bigInt({ min: 1n, max: 1n << 80n });
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(isLater(String(a), String(b))).toBe(a > b);
      }),
    );
  });

  it.each(['', '0', '01', '-1', '1.5', '1e3', '0x10', ' 1', '1\n', '١', 1, null, undefined])(
    'are not %j',
    (value) => {
      expect(isResourceVersion(value)).toBe(false);
    },
  );

  it.each(['1', '10', '18446744073709551616'])('are %s', (value) => {
    expect(isResourceVersion(value)).toBe(true);
  });
});
