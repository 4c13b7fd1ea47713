// Owns the limits of a session: pure functions of the record, its last use and the time.
import { SECOND_MS } from '../../kernel/duration.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionRecord } from './session-record.ts';

/** Refresh when this part of the ID token's life has passed, if that comes first. */
const PART_OF_TOKEN_LIFE = 0.8;
/** However short-lived the provider's ID tokens are, it is not asked more often than this. */
const LEAST_REFRESH_MS = 10 * SECOND_MS;
/** Up to this part of the wait is taken off, so that sessions of one morning spread out. */
const JITTER_PART = 0.1;

const LONGEST_USE_FLUSH_MS = 30 * SECOND_MS;

/** How often last uses are written back: the store lags behind by at most so much. */
export function useFlushMs({ idleMs }: SessionOptions): number {
  return Math.min(LONGEST_USE_FLUSH_MS, idleMs / 10);
}

/** Whether the absolute limit has passed; nothing that the store could say changes that. */
export function isExpired(record: SessionRecord, nowMs: number): boolean {
  return nowMs >= record.expiresAtMs;
}

/**
 * The limit that a session has reached. Another replica may have seen a later use that it has not
 * written back yet, so the idle limit leaves it the time for that.
 */
export function limitReached(
  session: { readonly record: SessionRecord; readonly lastUsedAtMs: number },
  nowMs: number,
  options: SessionOptions,
): ReasonCode | undefined {
  const idleMs = options.idleMs + useFlushMs(options);
  if (isExpired(session.record, nowMs)) return 'session_expired';
  if (nowMs - session.lastUsedAtMs >= idleMs) return 'session_expired';
  if (nowMs - session.record.claimsAtMs >= options.claimsMaxAgeMs) return 'claims_too_old';
  return undefined;
}

/**
 * When the claims are due to be fetched anew, in milliseconds since the epoch: the configured age
 * or 80% of the ID token's life, whichever is earlier. `chance` is in [0, 1).
 */
export function refreshDueAtMs(
  { claimsAtMs, claimsExpireAtMs }: SessionRecord,
  { claimsRefreshAfterMs }: SessionOptions,
  chance: number,
): number {
  const ofTokenLife = (claimsExpireAtMs - claimsAtMs) * PART_OF_TOKEN_LIFE;
  const waitMs = Math.max(LEAST_REFRESH_MS, Math.min(claimsRefreshAfterMs, ofTokenLife));
  return claimsAtMs + waitMs * (1 - chance * JITTER_PART);
}
