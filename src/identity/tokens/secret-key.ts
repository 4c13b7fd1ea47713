// Owns one cookie or record key: 256 bits, written as base64url, base64 or hex.
import type { Random } from '../../kernel/random.ts';
import { Secret } from '../../kernel/secret.ts';

const KEY_BYTES = 32;

export interface SecretKey {
  readonly createdAtMs: number;
  readonly secret: Secret<Buffer>;
}

/** Reads a key file's text. Throws a TypeError that holds no part of it when it is not 32 bytes. */
export function readSecretKey(text: string, createdAtMs: number): SecretKey {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return { createdAtMs, secret: secretOf(trimmed, 'hex') };
  if (/^[\w+/-]{43}=?$/.test(trimmed)) return { createdAtMs, secret: secretOf(trimmed, 'base64') };
  throw new TypeError('not 32 bytes in base64url or hex');
}

/** Node's base64 decoder reads the URL-safe alphabet too (nodejs.org/api/buffer.html). */
function secretOf(text: string, encoding: 'hex' | 'base64'): Secret<Buffer> {
  return new Secret(Buffer.from(text, encoding));
}

/** A new key as text. */
export function newSecretKeyText(random: Random): string {
  return `${random.bytes(KEY_BYTES).toString('base64url')}\n`;
}
