// Owns the shape of the provider record: a person's newest tokens and the claims that came with
// them. Read by refresh and sign-out only, never by a request, and never cached.
import { z } from 'zod';
import type { CompletedLogin } from '../login/completed-login.ts';
import { formatRecord, optionalText, parseRecord, storedPrincipal } from './record-json.ts';

/** A completed sign-in or refresh, and when it was completed in milliseconds since the epoch. */
export interface ProviderRecord extends CompletedLogin {
  readonly claimsAtMs: number;
}

const stored = z.object({
  tokens: z.object({
    issuer: z.string().min(1),
    clientId: z.string().min(1),
    sub: z.string().min(1),
    providerSid: optionalText,
    idToken: z.string().min(1),
    refreshToken: optionalText,
  }),
  claims: z.object({
    principal: storedPrincipal,
    email: optionalText,
    authTimeSec: z.number(),
    expiresAtMs: z.number(),
  }),
  claimsAtMs: z.number(),
});

export function formatProviderRecord(record: ProviderRecord): string {
  return formatRecord(record);
}

/** The record in a JSON text; undefined when it is none that this release can read. */
export function parseProviderRecord(text: string): ProviderRecord | undefined {
  return parseRecord(text, stored);
}
