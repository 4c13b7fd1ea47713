import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../kernel/random.ts';
import { createTokenHash } from './token-hash.ts';

describe('the name of a token', () => {
  const hash = createTokenHash(systemRandom);

  test('is its own, however little tokens differ', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', 'A', '.', ':', ' ', '\u00e9'),
      maxLength: 6,
    });
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(hash(one) === hash(other)).toBe(one === other);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is 32 characters that show nothing of the token, in no process the same', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), (token) => {
        expect(hash(token)).toHaveLength(32);
        expect(hash(token)).not.toContain(token);
        expect(createTokenHash(systemRandom)(token)).not.toBe(hash(token));
      }),
    );
  });
});
