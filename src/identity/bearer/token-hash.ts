// Owns the names under which tokens are remembered: nobody can tell a token from its name.
import { hash } from 'node:crypto';
import type { Random } from '../../kernel/random.ts';

const KEY_BYTES = 32;

/**
 * A function from a token to 256 bits as 32 characters. It is keyed anew in every process, so that
 * what memory holds can be compared neither with another process's nor with a list of tokens. SHA-256
 * over key and token is enough where nobody sees the result (no lengthening, RFC 2104 section 6), and
 * costs a third of an HMAC in Node. The whole token is the input and nothing else: two tokens
 * cannot run into one name as joined parts could (CVE-2026-71326).
 */
export function createTokenHash(random: Random): (token: string) => string {
  const key = random.bytes(KEY_BYTES).toString('base64');
  return (token) => hash('sha256', key + token, 'binary');
}
