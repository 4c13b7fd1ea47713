// Owns the way from a provider's claims to a principal: one set of rules for every issuer of people.
import type { ReasonCode } from '../kernel/reasons.ts';
import { lowerCaseAscii, nameProblem } from './name-rules.ts';
import type { Principal } from './principal.ts';

/** A claim is named as it stands in the token; `a.b` is also claim `b` inside claim `a`. */
export interface ClaimRules {
  /** Claim that holds the user name. */
  readonly user: string;
  /** Put before the user name, after lower-casing. */
  readonly userPrefix: string;
  readonly lowerCaseUser: boolean;
  /** Claim that holds the groups, an array of strings. */
  readonly groups: string;
  readonly groupsPrefix: string;
  /** Takes names with characters beyond ASCII; they travel as UTF-8. */
  readonly allowNonAscii: boolean;
  /** Takes an e-mail although `email_verified` is not `true`. */
  readonly insecureAllowUnverifiedEmail: boolean;
}

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
  const email = nameIn(claims, 'email', rules);
  return {
    kind: 'principal',
    principal: { userId: user.name, groups },
    email: email.kind === 'name' ? email.name : undefined,
    droppedGroups: dropped,
  };
}

function userName(claims: Claims, rules: ClaimRules): Name {
  const found = nameIn(claims, rules.user, rules);
  if (found.kind === 'refused') return found;
  const cased = rules.lowerCaseUser ? lowerCaseAscii(found.name) : found.name;
  return checkedName(rules.userPrefix + cased, rules);
}

function nameIn(claims: Claims, claim: string, rules: ClaimRules): Name {
  const value = valueOf(claims, claim);
  if (value === undefined || value === null || value === '') return refused('user_claim_missing');
  if (typeof value !== 'string') return refused('user_claim_invalid');
  if (claim === 'email' || claim.endsWith('.email')) {
    if (!rules.insecureAllowUnverifiedEmail && !isVerified(claims, claim)) {
      return refused('email_not_verified');
    }
    if (value.indexOf('@') !== value.lastIndexOf('@')) return refused('user_claim_invalid');
  }
  return checkedName(value, rules);
}

// Only the boolean counts (OpenID Connect Core 1.0 section 5.1); absent and "true" are not it.
function isVerified(claims: Claims, emailClaim: string): boolean {
  return valueOf(claims, `${emailClaim}_verified`) === true;
}

function checkedName(name: string, { allowNonAscii }: ClaimRules): Name {
  const problem = nameProblem(name, allowNonAscii);
  if (problem === undefined) return { kind: 'name', name };
  return refused(problem === 'reserved' ? 'user_claim_reserved' : 'user_claim_invalid');
}

function groupNames(
  claims: Claims,
  { groups, groupsPrefix, allowNonAscii }: ClaimRules,
): { readonly groups: readonly string[]; readonly dropped: number } {
  const value = valueOf(claims, groups) ?? [];
  if (!Array.isArray(value)) return { groups: [], dropped: 1 };
  const isUsable = (group: unknown): group is string =>
    typeof group === 'string' &&
    nameProblem(group, allowNonAscii) === undefined &&
    nameProblem(groupsPrefix + group, allowNonAscii) === undefined;
  const usable = value.filter(isUsable);
  return {
    groups: [...new Set(usable)].map((group) => groupsPrefix + group),
    dropped: value.length - usable.length,
  };
}

/** The claim of that very name (they may have dots), else the nested one; own properties only. */
function valueOf(claims: Claims, claim: string): unknown {
  return ownValue(claims, claim) ?? claim.split('.').reduce(ownValue, claims);
}

function ownValue(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name))
    return undefined;
  return Reflect.get(holder, name);
}

function refused(reason: ReasonCode): { readonly kind: 'refused'; readonly reason: ReasonCode } {
  return { kind: 'refused', reason };
}
