// Owns comparing a secret with what somebody shows.
import { timingSafeEqual } from 'node:crypto';

/** Whether two texts are the same, in a time that tells their lengths and nothing else of them. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
