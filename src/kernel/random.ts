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
