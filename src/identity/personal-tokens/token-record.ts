// Owns the shape of the record of a personal token or command-line login.
import { z } from 'zod';
import { formatTokenScope } from '../bearer/token-scope.ts';
import type { TokenScope } from '../bearer/token-scope.ts';
import type { Principal } from '../principal.ts';
import type { ProviderRecord } from '../session/provider-record.ts';
import {
  formatRecord,
  optionalText,
  parseRecord,
  storedPrincipal,
} from '../session/record-json.ts';
import type { TokenSummary, TokenWish } from './personal-tokens.ts';

/** Who made the token, as the provider last said it. */
export interface TokenOwner {
  readonly principal: Principal;
  readonly email: string | undefined;
  /** Seconds since the epoch at which the owner last authenticated before making it. */
  readonly authTimeSec: number;
  /** When the provider last confirmed this, in milliseconds since the epoch. */
  readonly claimsAtMs: number;
}

/** Which refresh token is good, and which was until a moment ago (refresh-rotation.ts). */
export interface RefreshState {
  readonly hash: string;
  readonly previous:
    { readonly hash: string; readonly salt: string; readonly replacedAtMs: number } | undefined;
}

/** What personal tokens and logins have in common. */
export interface NewToken {
  /** Public name; random, so it tells nothing about the token. */
  readonly handle: string;
  /** Key of the person (session/person-key.ts). */
  readonly person: string;
  readonly name: string;
  /** The text of the scope. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly owner: TokenOwner;
}

export type LoginRecord = NewToken & { readonly kind: 'login'; readonly refresh: RefreshState };
export type TokenRecord = (NewToken & { readonly kind: 'personal' }) | LoginRecord;

const anyToken = z.object({
  handle: z.string().min(1),
  person: z.string().min(1),
  name: z.string(),
  scope: z.string(),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
  owner: z.object({
    principal: storedPrincipal,
    email: optionalText,
    authTimeSec: z.number(),
    claimsAtMs: z.number(),
  }),
});

const previous = z
  .object({ hash: z.string().min(1), salt: z.string().min(1), replacedAtMs: z.number() })
  .optional()
  .transform((given) => given);

const stored: z.ZodType<TokenRecord> = z.discriminatedUnion('kind', [
  anyToken.extend({ kind: z.literal('personal') }),
  anyToken.extend({
    kind: z.literal('login'),
    refresh: z.object({ hash: z.string().min(1), previous }),
  }),
]);

/** What every new token has, made at `nowMs` by whom the provider's record stands for. */
export function newTokenFields(
  wish: TokenWish,
  provider: ProviderRecord,
  given: { readonly person: string; readonly handle: string; readonly nowMs: number },
): NewToken {
  return {
    handle: given.handle,
    person: given.person,
    name: wish.name,
    scope: formatTokenScope(wish.scope),
    createdAtMs: given.nowMs,
    expiresAtMs: given.nowMs + wish.lifetimeMs,
    owner: ownerOf(provider),
  };
}

/** The owner as a provider's record has them. */
export function ownerOf({ claims, claimsAtMs }: ProviderRecord): TokenOwner {
  const { principal, email, authTimeSec } = claims;
  return { principal, email, authTimeSec, claimsAtMs };
}

/** `lastUsedAtMs` is 0 for a token that was never used. */
export function summaryOf(
  { kind, handle, name, createdAtMs, expiresAtMs }: TokenRecord,
  scope: TokenScope,
  lastUsedAtMs: number,
): TokenSummary {
  const lastUse = lastUsedAtMs === 0 ? undefined : lastUsedAtMs;
  return { kind, handle, name, scope, createdAtMs, expiresAtMs, lastUsedAtMs: lastUse };
}

export function formatTokenRecord(record: TokenRecord): string {
  return formatRecord(record);
}

/** The record in a JSON text; undefined when it is none that this release can read. */
export function parseTokenRecord(text: string): TokenRecord | undefined {
  return parseRecord(text, stored);
}
