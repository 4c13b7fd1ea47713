// Owns the way from a provider's claims to a principal: one set of rules for every issuer of people.
import type { ReasonCode } from '../kernel/reasons.ts';
import { lowerCaseAscii, nameProblem } from './name-rules.ts';
import type { Principal } from './principal.ts';

/** Names of claims from the outside in: `['email']`, or `['realm_access', 'roles']` for a nested one. */
export type ClaimPath = readonly string[];

export interface ClaimRules {
  readonly user: {
    readonly claim: ClaimPath;
    /** Put before the value, after lower-casing. */
    readonly prefix: string;
    readonly lowerCase: boolean;
  };
  readonly groups: { readonly claim: ClaimPath; readonly prefix: string };
  /** Takes an e-mail although `email_verified` is not `true`. */
  readonly allowUnverifiedEmail: boolean;
  /** Takes names with characters beyond ASCII; they travel as UTF-8. */
  readonly allowNonAscii: boolean;
}

export const defaultClaimRules: ClaimRules = {
  user: { claim: ['email'], prefix: '', lowerCase: false },
  groups: { claim: ['groups'], prefix: '' },
  allowUnverifiedEmail: false,
  allowNonAscii: false,
};

export type PrincipalFromClaims =
  | {
      readonly kind: 'principal';
      readonly principal: Principal;
      /** The `email` claim where it is verified (or need not be) and well-formed. */
      readonly email: string | undefined;
      /** Groups left out because their name breaks a rule. */
      readonly droppedGroups: number;
    }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

type Claims = Readonly<Record<string, unknown>>;
type Name =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

/**
 * The principal that verified claims stand for. A user name that breaks a rule refuses the person; a
 * group that does is left out (LDAP names of groups have commas, and nobody chose their own groups).
 */
export function principalFromClaims(claims: Claims, rules: ClaimRules): PrincipalFromClaims {
  const user = userName(claims, rules);
  if (user.kind === 'refused') return user;
  const { groups, dropped } = groupNames(claims, rules);
  const email = nameAt(claims, ['email'], rules);
  return {
    kind: 'principal',
    principal: { userId: user.name, groups },
    email: email.kind === 'name' ? email.name : undefined,
    droppedGroups: dropped,
  };
}

function userName(claims: Claims, rules: ClaimRules): Name {
  const found = nameAt(claims, rules.user.claim, rules);
  if (found.kind === 'refused') return found;
  const cased = rules.user.lowerCase ? lowerCaseAscii(found.name) : found.name;
  return checkedName(rules.user.prefix + cased, rules);
}

function nameAt(claims: Claims, path: ClaimPath, rules: ClaimRules): Name {
  const value = claimAt(claims, path);
  if (value === undefined || value === null || value === '') return refused('user_claim_missing');
  if (typeof value !== 'string') return refused('user_claim_invalid');
  if (path.at(-1) === 'email') {
    if (!rules.allowUnverifiedEmail && !isVerified(claims, path)) {
      return refused('email_not_verified');
    }
    if (value.indexOf('@') !== value.lastIndexOf('@')) return refused('user_claim_invalid');
  }
  return checkedName(value, rules);
}

// Only the boolean counts (OpenID Connect Core 1.0 section 5.1); absent and "true" are not it.
function isVerified(claims: Claims, emailPath: ClaimPath): boolean {
  return claimAt(claims, [...emailPath.slice(0, -1), 'email_verified']) === true;
}

function checkedName(name: string, { allowNonAscii }: ClaimRules): Name {
  const problem = nameProblem(name, allowNonAscii);
  if (problem === undefined) return { kind: 'name', name };
  return refused(problem === 'reserved' ? 'user_claim_reserved' : 'user_claim_invalid');
}

function groupNames(
  claims: Claims,
  { groups: { claim, prefix }, allowNonAscii }: ClaimRules,
): { readonly groups: readonly string[]; readonly dropped: number } {
  const value = claimAt(claims, claim) ?? [];
  if (!Array.isArray(value)) return { groups: [], dropped: 1 };
  const isUsable = (group: unknown): group is string =>
    typeof group === 'string' &&
    nameProblem(group, allowNonAscii) === undefined &&
    nameProblem(prefix + group, allowNonAscii) === undefined;
  const usable = value.filter(isUsable);
  return {
    groups: [...new Set(usable)].map((group) => prefix + group),
    dropped: value.length - usable.length,
  };
}

/** The value at a path, by own properties only; undefined where there is none. */
function claimAt(claims: Claims, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

function refused(reason: ReasonCode): { readonly kind: 'refused'; readonly reason: ReasonCode } {
  return { kind: 'refused', reason };
}
