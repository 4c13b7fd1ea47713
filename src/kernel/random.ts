// Owns randomness: the only reader of the system's random source.
import { randomBytes } from 'node:crypto';

export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Buffer;
}

export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

/** A random identifier of `bits` bits (a multiple of 8) in base64url. */
export function randomId(random: Random, bits: number): string {
  return random.bytes(bits / 8).toString('base64url');
}

/** A number in [0, 1), in steps of 1/65536: by which waits differ between sessions and replicas. */
export function chance(random: Random): number {
  return random.bytes(2).readUInt16BE() / 0x1_0000;
}

/**
 * Draws from `source` in blocks of `blockBytes`, because one draw costs more than its bytes. For
 * identifiers that are made per request; keys and session ids are drawn one by one.
 */
export function pooledRandom(source: Random, blockBytes = 4096): Random {
  let block: Buffer = Buffer.alloc(0);
  let used = 0;
  return {
    bytes(length) {
      if (length > blockBytes) return source.bytes(length);
      if (used + length > block.length) {
        block = source.bytes(blockBytes);
        used = 0;
      }
      used += length;
      return Buffer.from(block.subarray(used - length, used));
    },
  };
}
