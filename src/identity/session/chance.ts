// Owns jitter: a random share by which waits differ between sessions and replicas.
import type { Random } from '../../kernel/random.ts';

/** A number in [0, 1), in steps of 1/65536. */
export function chance(random: Random): number {
  return random.bytes(2).readUInt16BE() / 0x1_0000;
}
