// Owns the shape of the hot session record: what a decision needs, and nothing of the provider's.
import { z } from 'zod';
import type { CompletedLogin, VerifiedClaims } from '../login/completed-login.ts';
import type { Principal } from '../principal.ts';
import { personKey } from './person-key.ts';
import { formatRecord, optionalText, parseRecord, storedPrincipal } from './record-json.ts';

export interface SessionRecord {
  /** Public name of the session; random, so it tells nothing about the cookie. */
  readonly handle: string;
  /** Key of the person (person-key.ts), under which the provider's tokens are kept. */
  readonly person: string;
  readonly providerSid: string | undefined;
  readonly principal: Principal;
  readonly email: string | undefined;
  /** Seconds since the epoch at which the person authenticated. */
  readonly authTimeSec: number;
  /** Absolute limit, in milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** When the provider last confirmed the claims, in milliseconds since the epoch. */
  readonly claimsAtMs: number;
  /** When the ID token that carried the claims ends, in milliseconds since the epoch. */
  readonly claimsExpireAtMs: number;
}

const stored = z.object({
  handle: z.string().min(1),
  person: z.string().min(1),
  providerSid: optionalText,
  principal: storedPrincipal,
  email: optionalText,
  authTimeSec: z.number(),
  expiresAtMs: z.number(),
  claimsAtMs: z.number(),
  claimsExpireAtMs: z.number(),
});

/** The record of a login completed at `nowMs`. */
export function recordOfLogin(
  { claims, tokens }: CompletedLogin,
  given: { readonly handle: string; readonly nowMs: number; readonly absoluteMs: number },
): SessionRecord {
  return {
    handle: given.handle,
    person: personKey(tokens),
    providerSid: tokens.providerSid,
    principal: claims.principal,
    email: claims.email,
    authTimeSec: claims.authTimeSec,
    expiresAtMs: given.nowMs + given.absoluteMs,
    claimsAtMs: given.nowMs,
    claimsExpireAtMs: claims.expiresAtMs,
  };
}

/** The same session with what the provider confirmed at `claimsAtMs`; each keeps its own sign-in. */
export function withClaims(
  record: SessionRecord,
  claims: VerifiedClaims,
  claimsAtMs: number,
): SessionRecord {
  const { principal, email, expiresAtMs: claimsExpireAtMs } = claims;
  return { ...record, principal, email, claimsAtMs, claimsExpireAtMs };
}

export function formatSessionRecord(record: SessionRecord): string {
  return formatRecord(record);
}

/** The record in a JSON text; undefined when it is none that this release can read. */
export function parseSessionRecord(text: string): SessionRecord | undefined {
  return parseRecord(text, stored);
}
