// Owns keys made in memory: for one replica whose sessions do not outlive it either.
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { KeySet } from './key-ring.ts';
import { newSecretKeyText, readSecretKey } from './secret-key.ts';
import { newSigningKeyPem, readSigningKey } from './signing-key.ts';

/** One new key for each use. */
export async function generateKeys(clock: Clock, random: Random): Promise<KeySet> {
  const createdAtMs = clock.nowMs();
  return {
    cookie: [readSecretKey(newSecretKeyText(random), createdAtMs)],
    record: [readSecretKey(newSecretKeyText(random), createdAtMs)],
    signing: [await readSigningKey(newSigningKeyPem(), createdAtMs)],
  };
}
