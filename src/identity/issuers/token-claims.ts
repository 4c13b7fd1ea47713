// Owns what a token of others must say of its time and of whom it is for (RFC 7519 section 4.1), and
// what it is called in logs.
import { createHash } from 'node:crypto';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Fields } from '../../kernel/fields.ts';

export interface LifetimeRules {
  /** How far the issuer's clock may be off. */
  readonly toleranceMs: number;
  /** From iat to exp: nobody should hold a token for longer. */
  readonly maxLifetimeMs: number;
}

export type Lifetime =
  | {
      readonly kind: 'alive';
      readonly issuedAtSec: number;
      /** Milliseconds since the epoch from which on the same token is refused: exp and the tolerance. */
      readonly expiresAtMs: number;
    }
  | {
      readonly kind: 'rejected';
      readonly reason: 'invalid_token' | 'token_expired' | 'token_lifetime';
      readonly detail: string;
    };

/** The end of the year 9999 in seconds: beyond it, a NumericDate is no date (RFC 7519 section 2, ISO 8601). */
const LAST_SECOND = 253_402_300_799;
const HANDLE_LENGTH = 22;

/**
 * Whether verified claims are in force now. `exp` and `iat` are required, although RFC 7519 leaves
 * them open: without them a token lives for ever, or for nobody knows how long.
 */
export function lifetimeOf(payload: Fields, rules: LifetimeRules, nowMs: number): Lifetime {
  if (payload['exp'] === undefined || payload['iat'] === undefined) {
    return rejected('token_lifetime', 'exp or iat is missing');
  }
  const dates = datesOf(payload);
  if (dates === undefined) return rejected('invalid_token', 'exp, iat or nbf is no usable date');
  const { iat, exp, startsAt } = dates;
  const expiresAtMs = exp * SECOND_MS + rules.toleranceMs;
  if (nowMs >= expiresAtMs) return rejected('token_expired', 'exp is over');
  if (startsAt * SECOND_MS > nowMs + rules.toleranceMs) {
    return rejected('invalid_token', 'iat or nbf is in the future');
  }
  if ((exp - iat) * SECOND_MS > rules.maxLifetimeMs) {
    return rejected('token_lifetime', 'exp is too long after iat');
  }
  return { kind: 'alive', issuedAtSec: iat, expiresAtMs };
}

function datesOf({ exp, iat, nbf = iat }: Fields) {
  if (!isDate(exp) || !isDate(iat) || !isDate(nbf) || exp <= iat) return undefined;
  return { exp, iat, startsAt: Math.max(iat, nbf) };
}

function isDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}

function rejected(
  reason: Extract<Lifetime, { kind: 'rejected' }>['reason'],
  detail: string,
): Lifetime {
  return { kind: 'rejected', reason, detail };
}

/** The audiences that a token names: one, or a list (RFC 7519 section 4.1.3); none where `aud` is malformed. */
export function audiencesOf({ aud }: Fields): readonly string[] {
  const named: unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.every((name) => typeof name === 'string') ? named : [];
}

/** A public name of a token that has none of its own; its signature makes it unguessable. */
export function tokenHandle(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, HANDLE_LENGTH);
}
