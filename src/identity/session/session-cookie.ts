// Owns the session cookie's value: how it is made, verified, and turned into the store's key.
// The signed form is that of cookie-signature, which express-session writes and reads.
import { createHash, createHmac } from 'node:crypto';
import { randomId, type Random } from '../../kernel/random.ts';
import { isSameText } from '../../kernel/same-text.ts';
import type { Secret } from '../../kernel/secret.ts';
import { prepareKey } from './session-keys.ts';

const ID_BITS = 256;
/** A percent-encoded value is 96 characters long; every character encoded, 276. */
const LONGEST_VALUE = 300;
/** `s:`, the id (version, dot, 256 bits in base64url), dot, HMAC-SHA256 in base64 without padding. */
const SIGNED_FORM = /^s:(1\.[A-Za-z0-9_-]{43})\.([A-Za-z0-9+/]{43})$/;

export type ReadCookie =
  | {
      readonly kind: 'verified';
      /** The secret id that the cookie carries. */
      readonly id: string;
      /** The value as we set it: the same for every spelling of one cookie. */
      readonly canonical: string;
    }
  | { readonly kind: 'invalid' };

/** A new secret session id of version 1: 256 random bits behind the version. */
export function newSessionId(random: Random): string {
  return `1.${randomId(random, ID_BITS)}`;
}

/** The key under which stores keep a session: SHA-256, so that a stolen store opens no session. */
export function sessionKeyOf(sessionId: string): string {
  return createHash('sha256').update(sessionId).digest('base64url');
}

/** The cookie's value as express-session sets it. */
export function signSessionCookie(sessionId: string, secret: Secret<Buffer>): string {
  return encodeURIComponent(`s:${sessionId}.${signatureOf(sessionId, secret)}`);
}

/**
 * Verifies a cookie value as received. Accepts exactly what express-session accepts for our ids
 * (percent-encoding and quotes as package `cookie` reads them), so that doors and pages cannot hold
 * different identities. Comparisons take the same time whatever the value.
 */
export function readSessionCookie(value: string, secrets: readonly Secret<Buffer>[]): ReadCookie {
  if (value.length > LONGEST_VALUE) return { kind: 'invalid' };
  const [, id, signature] = SIGNED_FORM.exec(decoded(value)) ?? [];
  if (id === undefined || signature === undefined) return { kind: 'invalid' };
  const isVerified = secrets.some((secret) => isSameText(signature, signatureOf(id, secret)));
  if (!isVerified) return { kind: 'invalid' };
  // encodeURIComponent makes a new string: a slice would keep the whole Cookie header in memory.
  return { kind: 'verified', id, canonical: encodeURIComponent(`s:${id}.${signature}`) };
}

function decoded(value: string): string {
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  const bare = isQuoted ? value.slice(1, -1) : value;
  try {
    return bare.includes('%') ? decodeURIComponent(bare) : bare;
  } catch {
    return bare;
  }
}

function signatureOf(id: string, secret: Secret<Buffer>): string {
  const signature = createHmac('sha256', prepareKey(secret).signing).update(id).digest('base64');
  return signature.slice(0, signature.indexOf('='));
}
