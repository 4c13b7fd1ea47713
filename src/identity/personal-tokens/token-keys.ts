// Owns the names under which stores keep the tokens that people make here, beside the sessions.
import { createHash } from 'node:crypto';

const RECORD_PREFIX = 'token:';

/**
 * The key of a personal token, or of a login by its name. SHA-256 is enough for secrets of 128 random
 * bits and more: there is nothing to guess, so a slow hash would only cost (NIST SP 800-63B section
 * 5.1.2 asks for salt and stretching below 112 bits).
 */
export function tokenKeyOf(kind: 'personal' | 'login', secret: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, secret]))
    .digest('base64url');
  return `${RECORD_PREFIX}${hash}`;
}

/** The name of the index of a person's tokens, apart from that of their sessions. */
export function tokenIndexOf(person: string): string {
  return `tokens:${person}`;
}

/** Whether a change of this key is about a token. */
export function isTokenKey(key: string): boolean {
  return key.startsWith(RECORD_PREFIX);
}
