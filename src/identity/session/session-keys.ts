// Owns the keys of sessions as this room sees them: the first one writes, all of them read.
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../../kernel/secret.ts';

/** Below this a key could be guessed: 256 bits, as AES-256 and HMAC-SHA256 use them. */
const LEAST_KEY_BYTES = 32;
const KEY_ID_BYTES = 8;

/**
 * Keys in force now, asked anew at every use, so that rotated files count at once. The first key of
 * a list signs or seals; all of them verify or open. Never empty.
 */
export interface SessionKeys {
  readonly cookie: () => readonly Secret<Buffer>[];
  readonly record: () => readonly Secret<Buffer>[];
}

/** A key made ready for use. `id` names it in sealed records and says nothing about it. */
export interface PreparedKey {
  readonly id: Buffer;
  readonly key: KeyObject;
}

const prepared = new WeakMap<Secret<Buffer>, PreparedKey>();

/**
 * The first 256 bits' worth of a secret as a key, made once per secret. Longer secrets are hashed
 * down to 32 bytes. Throws RangeError when the secret is shorter than 32 bytes.
 */
export function prepareKey(secret: Secret<Buffer>): PreparedKey {
  const known = prepared.get(secret);
  if (known !== undefined) return known;
  const bytes = secret.reveal();
  if (bytes.length < LEAST_KEY_BYTES) throw new RangeError('a session key has less than 32 bytes');
  const material = bytes.length === LEAST_KEY_BYTES ? bytes : sha256('kfgw key', bytes);
  const id = sha256('kfgw key id', material).subarray(0, KEY_ID_BYTES);
  const made = { id, key: createSecretKey(material) };
  prepared.set(secret, made);
  return made;
}

function sha256(purpose: string, bytes: Buffer): Buffer {
  return createHash('sha256').update(`${purpose}\0`).update(bytes).digest();
}
