// Owns the answer to a namespace question: the index's, where the index can be believed.
import type { Principal } from '../identity/principal.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import { whyUnanswered, type PolicyState } from './policy-source.ts';
import type { ResourceQuestion } from './rbac/access-question.ts';
import type { ProfileRecord } from './rbac/rbac-records.ts';
import type { Grant, RbacReader, Subjects } from './rbac/rbac-reader.ts';

/** How soon a namespace that is being set up, or an index that is loading, is worth asking again. */
const RETRY_AFTER_SEC = 3;

export type Answer =
  /** `grant` is what allowed the last of the questions. */
  | { readonly kind: 'allowed'; readonly grant: Grant }
  | { readonly kind: 'denied'; readonly question: ResourceQuestion }
  /** The caller's own Profile is so new that its bindings are still being made. */
  | { readonly kind: 'provisioning'; readonly retryAfterSec: number }
  | { readonly kind: 'unavailable'; readonly reason: ReasonCode; readonly retryAfterSec: number };

export interface Authorizer {
  /** May this principal do all of this? Synchronous. Throws a RangeError for no question. */
  ask(principal: Principal, questions: readonly ResourceQuestion[]): Answer;
}

export interface AuthorizerDeps {
  readonly rbac: RbacReader;
  readonly policy: { state(): PolicyState };
  /** True for a Profile that was first seen moments ago. */
  readonly isNew: (profile: ProfileRecord) => boolean;
  /** Hears of every answer of the index; samples them. */
  readonly note: (subjects: Subjects, question: ResourceQuestion, isAllowed: boolean) => void;
}

const provisioning: Answer = { kind: 'provisioning', retryAfterSec: RETRY_AFTER_SEC };

export class IndexAuthorizer implements Authorizer {
  readonly #deps: AuthorizerDeps;

  constructor(deps: AuthorizerDeps) {
    this.#deps = deps;
  }

  ask(principal: Principal, questions: readonly ResourceQuestion[]): Answer {
    const { rbac, policy, note } = this.#deps;
    const reason = whyUnanswered(policy.state());
    if (reason !== undefined)
      return { kind: 'unavailable', reason, retryAfterSec: RETRY_AFTER_SEC };
    const subjects = rbac.subjectsOf(principal);
    let grant: Grant | undefined = undefined;
    for (const question of questions) {
      grant = rbac.grantOf(subjects, question);
      note(subjects, question, grant !== undefined);
      if (grant === undefined) return this.#denied(principal, question);
    }
    if (grant === undefined) throw new RangeError('a route that asks nothing asked');
    return { kind: 'allowed', grant };
  }

  /**
   * The profile controller makes a namespace's bindings some seconds after its Profile. Until then its
   * owner is asked to wait; being the owner of a Profile grants nothing, for RBAC does not know Profiles.
   */
  #denied(principal: Principal, question: ResourceQuestion): Answer {
    const profile = this.#deps.rbac.profile(question.namespace);
    const isOwner = profile?.owner.kind === 'User' && profile.owner.name === principal.userId;
    if (!isOwner || !this.#deps.isNew(profile)) return { kind: 'denied', question };
    for (const { subjects } of this.#deps.rbac.bindingsIn(question.namespace)) {
      if (subjects.some(({ kind, name }) => kind === 'User' && name === principal.userId))
        return { kind: 'denied', question };
    }
    return provisioning;
  }
}
