// Owns the judgement of one issuer's tokens: signed by it, in force, for us, and about people of its own.
import type { Clock } from '../../kernel/clock.ts';
import type { Fields } from '../../kernel/fields.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { fitsNamePattern } from '../../kernel/name-pattern.ts';
import {
  rejected,
  type TokenVerdict,
  type TokenVerifier,
  type UnverifiedToken,
} from '../bearer/token-verifier.ts';
import { principalFromClaims, type ClaimRules } from '../claims.ts';
import type { Principal } from '../principal.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { audiencesOf, lifetimeOf, tokenHandle } from './token-claims.ts';
import { verifyJws } from './verify-jws.ts';

export interface IssuerRules {
  /** Compared with `iss` byte for byte. */
  readonly issuer: string;
  /** A token names at least one of them. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly claims: ClaimRules;
  /** Patterns (kernel/name-pattern.ts) of the users that it may speak for. */
  readonly users: readonly string[];
  /** Patterns of the groups that it may put them into; others are left out. */
  readonly groups: readonly string[];
  /** From iat to exp. */
  readonly maxLifetimeMs: number;
  /** How far the issuer's clock may be off. */
  readonly toleranceMs: number;
  /** How long a verdict is believed. */
  readonly freshForMs: number;
}

interface Dependencies {
  readonly keys: Pick<IssuerKeys, 'find'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/**
 * `events`: logout tokens and their like (RFC 8417 section 2.2), by the same key, about the same people.
 * `cnf`: worth something only with a key that its holder proves to have (RFC 7800 section 3.1).
 */
const OTHER_USES = ['events', 'cnf'];

type Rejected = Extract<TokenVerdict, { kind: 'rejected' }>;
type Holder =
  | { readonly kind: 'holder'; readonly principal: Principal; readonly email: string | undefined }
  | Rejected;

export class IssuerVerifier implements TokenVerifier {
  readonly #rules: IssuerRules;
  readonly #deps: Dependencies;

  constructor(rules: IssuerRules, deps: Dependencies) {
    this.#rules = rules;
    this.#deps = deps;
  }

  claims({ jwt }: UnverifiedToken): boolean {
    return jwt?.payload['iss'] === this.#rules.issuer;
  }

  /** Nothing is told of a token, not even that it has expired, before its signature was found good. */
  async verify(token: UnverifiedToken): Promise<TokenVerdict> {
    if (token.jwt === undefined || !this.claims(token)) {
      return rejected('invalid_token', 'no JWT of this issuer');
    }
    const { header, payload } = token.jwt;
    const { algorithms } = this.#rules;
    const jws = await verifyJws(token.text, header, { algorithms, keys: this.#deps.keys });
    if (jws.kind === 'rejected') return rejected('invalid_token', jws.detail);
    if (jws.kind === 'unavailable') return { ...jws, reason: 'issuer_unavailable' };
    return this.#judge(payload, tokenHandle(token.text));
  }

  /** `payload` is signed by the issuer. */
  #judge(payload: Fields, handle: string): TokenVerdict {
    const lifetime = lifetimeOf(payload, this.#rules, this.#deps.clock.nowMs());
    if (lifetime.kind === 'rejected') return lifetime;
    const { audiences } = this.#rules;
    if (!audiencesOf(payload).some((audience) => audiences.includes(audience))) {
      return rejected('token_audience', 'aud names none of the configured audiences');
    }
    const other = OTHER_USES.find((claim) => Object.hasOwn(payload, claim));
    if (other !== undefined) return rejected('invalid_token', `no bearer token: it has ${other}`);
    const holder = this.#holderOf(payload);
    if (holder.kind === 'rejected') return holder;
    const { issuedAtSec, expiresAtMs } = lifetime;
    const { principal, email } = holder;
    const authTimeSec = authTimeOf(payload, issuedAtSec);
    const { freshForMs } = this.#rules;
    return {
      kind: 'verified',
      token: { handle, principal, email, authTimeSec, expiresAtMs, freshForMs, scope: undefined },
    };
  }

  #holderOf(payload: Fields): Holder {
    const { claims, users, groups } = this.#rules;
    const found = principalFromClaims(payload, claims);
    if (found.kind === 'refused') return rejected('token_user_refused', found.reason);
    const { principal, email, droppedGroups } = found;
    if (!fitsNamePattern(principal.userId, users)) {
      return rejected('token_user_refused', 'users does not name the user');
    }
    if (droppedGroups > 0) {
      this.#deps.metrics.increment('kfgw_groups_dropped_total', {}, droppedGroups);
    }
    const own = principal.groups.filter((group) => fitsNamePattern(group, groups));
    return { kind: 'holder', principal: { userId: principal.userId, groups: own }, email };
  }
}

/** When the person signed in (OpenID Connect Core 1.0 section 2), which is not after the token was made. */
function authTimeOf({ auth_time: authTime }: Fields, issuedAtSec: number): number {
  return typeof authTime === 'number' && authTime >= 0 && authTime < issuedAtSec
    ? authTime
    : issuedAtSec;
}
