// Owns the keys of sessions as this room sees them: the first one writes, all of them read.
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Secret } from '../../kernel/secret.ts';

/** 256 bits, as HMAC-SHA256 and AES-256 use them. */
const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;

/**
 * Keys in force now, asked anew at every use, so that rotated files count at once. The first key of
 * a list signs or seals; all of them verify or open. Never empty.
 */
export interface SessionKeys {
  readonly cookie: () => readonly Secret<Buffer>[];
  readonly record: () => readonly Secret<Buffer>[];
}

/** What one secret is used for, each use with a key of its own (NIST SP 800-57 part 1, 5.2). */
export interface PreparedKey {
  /** Names the secret in sealed records and says nothing about it. */
  readonly id: Buffer;
  readonly signing: KeyObject;
  readonly sealing: KeyObject;
}

const prepared = new WeakMap<Secret<Buffer>, PreparedKey>();

/**
 * The keys derived from a secret by HKDF (RFC 5869), made once per secret. Throws RangeError when
 * the secret has less than 32 bytes.
 */
export function prepareKey(secret: Secret<Buffer>): PreparedKey {
  const known = prepared.get(secret);
  if (known !== undefined) return known;
  const bytes = secret.reveal();
  if (bytes.length < KEY_BYTES) throw new RangeError('a session key has less than 32 bytes');
  const made = {
    id: derived(bytes, 'key id', KEY_ID_BYTES),
    signing: createSecretKey(derived(bytes, 'signed cookie', KEY_BYTES)),
    sealing: createSecretKey(derived(bytes, 'sealed record', KEY_BYTES)),
  };
  prepared.set(secret, made);
  return made;
}

function derived(bytes: Buffer, use: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', bytes, '', `kfgw ${use}`, length));
}
