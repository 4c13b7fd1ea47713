// Owns what the rest of the gateway may ask the RBAC index.
import type { Principal } from '../../identity/principal.ts';
import type { Cancel } from '../../kernel/clock.ts';
import type { ResourceQuestion, UrlQuestion } from './access-question.ts';
import type {
  BindingRecord,
  ProfileRecord,
  RuleRecord,
  ServiceAccountRecord,
} from './rbac-records.ts';

/** A principal as the index knows it: made once per session, opaque to everybody else. */
export interface Subjects {
  readonly principal: Principal;
  /** Groups that the API server would add to a real request, and that the index therefore adds. */
  readonly implicitGroups: readonly string[];
}

/** What allowed something. Existing objects: nothing is built per decision. */
export interface Grant {
  /** Undefined when `system:masters` allowed it, which no binding has to. */
  readonly binding: BindingRecord | undefined;
}

/** A grant with the reason in full, for people. */
export interface ExplainedGrant extends Grant {
  /** The subject of the binding that matched, as `User alice`, `Group team` or `ServiceAccount ns/name`. */
  readonly subject: string;
  /** Undefined, as binding and rule, for `Group system:masters`. */
  readonly role:
    { readonly kind: string; readonly namespace: string; readonly name: string } | undefined;
  readonly rule: RuleRecord | undefined;
}

/** A binding of the caller whose role says nothing of the question, or which the caller is not in. */
export interface NearMiss {
  readonly binding: BindingRecord;
  /**
   * - `role_missing`: the binding names a role that does not exist
   * - `not_in_role`: the role grants the caller other things only
   * - `not_a_subject`: the role would be enough, the caller is not bound by it
   */
  readonly why: 'role_missing' | 'not_in_role' | 'not_a_subject';
}

export type Explanation =
  | { readonly kind: 'allowed'; readonly grant: ExplainedGrant }
  | { readonly kind: 'denied'; readonly nearest: readonly NearMiss[] };

export interface RbacReader {
  /** The same object for the same principal object, however often it is asked for. */
  subjectsOf(principal: Principal): Subjects;
  /** The first grant that answers yes; about a microsecond. */
  grantOf(subjects: Subjects, question: ResourceQuestion): Grant | undefined;
  /** Slow and complete. `grantOf` and `explain` never disagree. */
  explain(subjects: Subjects, question: ResourceQuestion | UrlQuestion): Explanation;
  profile(name: string): ProfileRecord | undefined;
  profiles(): Iterable<ProfileRecord>;
  serviceAccount(namespace: string, name: string): ServiceAccountRecord | undefined;
  /** The bindings of one namespace. */
  bindingsIn(namespace: string): Iterable<BindingRecord>;
  /** Grows with every change that can change an answer, and with no other. */
  readonly revision: number;
  /** Calls `listener` after every change that can change an answer. */
  onChange(listener: () => void): Cancel;
}
