import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fixtures/any-text.ts';
import { SeededRandom } from '../../../test/fixtures/seeded-random.ts';
import { formatUserCode, newUserCode, readUserCode } from './user-code.ts';

function randomOf(seed: number) {
  const seeded = new SeededRandom(seed);
  return {
    bytes: (length: number) => Buffer.from(Array.from({ length }, () => seeded.below(256))),
  };
}

describe('a user code', () => {
  it('is read as it is shown, and as people type it', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const code = newUserCode(randomOf(seed));
        const shown = formatUserCode(code);
        expect(shown).toMatch(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/);
        for (const typed of [
          shown,
          code,
          shown.toLowerCase(),
          ` ${code.replaceAll(/(?<=.)(?=.)/g, ' ')} `,
        ]) {
          expect(readUserCode(typed)).toBe(code);
        }
        expect(readUserCode(shown.replace('-', '–'))).toBe(code);
      }),
    );
  });

  it('uses every letter as often as every other', () => {
    const random = randomOf(7);
    const counts = new Map<string, number>();
    for (let made = 0; made < 5_000; made++) {
      for (const letter of newUserCode(random)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(counts.size).toBe(20);
    expect(Math.min(...counts.values())).toBeGreaterThan(1_800);
    expect(Math.max(...counts.values())).toBeLessThan(2_200);
  });

  it.each([
    '',
    'WDJBMJH',
    'WDJBMJHTT',
    'WDJBMJHA',
    'WDJB_MJHT',
    'WDJB-MJH1',
    'ẞDJBMJHT',
    ' '.repeat(99),
  ])('is not %j', (typed) => {
    expect(readUserCode(typed)).toBeUndefined();
  });

  it('of any text is one or none, and never throws', () => {
    fc.assert(
      fc.property(anyText, (typed) => {
        expect(readUserCode(typed) ?? 'BBBBBBBB').toMatch(/^[B-Z]{8}$/);
      }),
    );
  });
});
