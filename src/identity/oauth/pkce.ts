// Owns the proof that who redeems a code is who asked for it (RFC 7636, method S256 alone).
import { createHash } from 'node:crypto';

const VERIFIER = /^[\w.~-]{43,128}$/;
const CHALLENGE = /^[\w-]{43}$/;

/** Whether a text has the form of an S256 challenge: SHA-256 in base64url. */
export function isCodeChallenge(text: string): boolean {
  return CHALLENGE.test(text);
}

/** The S256 challenge of a verifier (RFC 7636 section 4.2); undefined when it is none (section 4.1). */
export function challengeOf(verifier: string): string | undefined {
  if (!VERIFIER.test(verifier)) return undefined;
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}
