// Owns the succession of a login's refresh tokens: each is exchanged once, and an old one that comes back
// tells that two have it (RFC 9700 section 4.14.2).
import { createHash, createHmac } from 'node:crypto';
import { MINUTE_MS } from '../../kernel/duration.ts';
import { isSameText } from '../../kernel/same-text.ts';
import { secretOf } from './token-text.ts';
import type { RefreshState } from './token-record.ts';

/**
 * How long the previous one is still answered, with the same successor: the answer may have been lost
 * on its way, or two processes of one person may have asked at once.
 */
const LOST_ANSWER_MS = MINUTE_MS;

export type Rotation =
  /** The good one: `next` is to be written before `secret` is given out. */
  | { readonly kind: 'rotated'; readonly next: RefreshState; readonly secret: string }
  /** The one before, a moment later: its successor once more. */
  | { readonly kind: 'repeated'; readonly secret: string }
  /** Any other: the login is to be ended. */
  | { readonly kind: 'reused' };

/** The state of a login whose first refresh token has this secret. */
export function firstRefreshState(secret: string): RefreshState {
  return { hash: hashOf(secret), previous: undefined };
}

/** What presenting `secret` at `nowMs` comes to. `salt` is random and new. */
export function rotate(
  { hash, previous }: RefreshState,
  secret: string,
  { nowMs, salt }: { readonly nowMs: number; readonly salt: string },
): Rotation {
  const presented = hashOf(secret);
  if (isSameText(presented, hash)) {
    const next = successorOf(secret, salt);
    const replaced = { hash, salt, replacedAtMs: nowMs };
    return { kind: 'rotated', next: { hash: hashOf(next), previous: replaced }, secret: next };
  }
  if (previous === undefined || !isSameText(presented, previous.hash)) return { kind: 'reused' };
  if (nowMs - previous.replacedAtMs > LOST_ANSWER_MS) return { kind: 'reused' };
  return { kind: 'repeated', secret: successorOf(secret, previous.salt) };
}

/**
 * Made of the secret before and a salt that only the record has: the store alone cannot tell it, nor
 * can who has nothing but an old token, and yet a repeated question gets the same answer.
 */
function successorOf(secret: string, salt: string): string {
  return secretOf(createHmac('sha256', secret).update(salt).digest());
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
