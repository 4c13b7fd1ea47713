// Owns whether a changed object can change an answer: a new annotation, resource version or uid cannot.
import type { BindingRecord, RoleRecord, RuleRecord, SubjectRecord } from './rbac-records.ts';
import { ownNamespace } from './record-pool.ts';

export function isSameBinding(a: BindingRecord, b: BindingRecord): boolean {
  const sameSubject = (one: SubjectRecord, other: SubjectRecord): boolean =>
    one.kind === other.kind &&
    one.name === other.name &&
    ownNamespace(one, a.namespace) === ownNamespace(other, b.namespace);
  return (
    a.roleRef.kind === b.roleRef.kind &&
    a.roleRef.name === b.roleRef.name &&
    areSame(a.subjects, b.subjects, sameSubject)
  );
}

export function isSameRole(a: RoleRecord, b: RoleRecord): boolean {
  return areSame(a.rules, b.rules, isSameRule);
}

function isSameRule(a: RuleRecord, b: RuleRecord): boolean {
  return (
    areSame(a.verbs, b.verbs, Object.is) &&
    areSame(a.apiGroups, b.apiGroups, Object.is) &&
    areSame(a.resources, b.resources, Object.is) &&
    areSame(a.resourceNames, b.resourceNames, Object.is) &&
    areSame(a.nonResourceURLs, b.nonResourceURLs, Object.is)
  );
}

/** The same in the same order. Another order is taken for a change, which costs a decision, not an answer. */
function areSame<T>(as: readonly T[], bs: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return (
    as.length === bs.length &&
    as.every((a, at) => {
      const b = bs[at];
      return b !== undefined && same(a, b);
    })
  );
}
