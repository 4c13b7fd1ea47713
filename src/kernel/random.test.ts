import { describe, expect, it } from 'vitest';
import { chance, pooledRandom, randomId, systemRandom, type Random } from './random.ts';

/** Counts up, so that every byte tells where it came from. */
function countingRandom(): Random & { draws: number } {
  let next = 0;
  return {
    draws: 0,
    bytes(length) {
      this.draws++;
      return Buffer.from(Array.from({ length }, () => next++ % 256));
    },
  };
}

describe('randomId', () => {
  it('writes as many bits as asked for in base64url', () => {
    expect(randomId(systemRandom, 256)).toMatch(/^[\w-]{43}$/);
  });
});

describe('chance', () => {
  it.each([
    [0x00, 0],
    [0x80, 0x8080 / 0x1_0000],
    [0xff, 0xffff / 0x1_0000],
  ])('of bytes %i is %f, never 1', (byte, expected) => {
    expect(chance({ bytes: (length) => Buffer.alloc(length, byte) })).toBe(expected);
  });
});

describe('pooledRandom', () => {
  it('hands out every drawn byte once, in order', () => {
    const pool = pooledRandom(countingRandom(), 8);
    expect([...pool.bytes(3), ...pool.bytes(5), ...pool.bytes(2)]).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it('draws one block for many requests', () => {
    const source = countingRandom();
    const pool = pooledRandom(source, 64);
    for (let request = 0; request < 4; request++) pool.bytes(16);
    expect(source.draws).toBe(1);
  });

  it('hands out copies that a later block cannot change', () => {
    const pool = pooledRandom(countingRandom(), 4);
    const first = pool.bytes(4);
    pool.bytes(4);
    expect([...first]).toEqual([0, 1, 2, 3]);
  });

  it('draws directly what is longer than a block', () => {
    expect(pooledRandom(countingRandom(), 4).bytes(10)).toHaveLength(10);
  });
});
