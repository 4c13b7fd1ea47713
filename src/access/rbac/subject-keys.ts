// Owns the one spelling by which subjects of bindings and callers meet.
import type { SubjectRecord } from './rbac-records.ts';

/** The key of a user name, which is also that of a service account: RBAC knows no difference. */
export function userKey(name: string): string {
  return `u:${name}`;
}

export function groupKey(name: string): string {
  return `g:${name}`;
}

/**
 * The key of a subject in a binding of `namespace`. A service account is the user of that name; its
 * namespace is the binding's where the subject names none, and without either it matches nobody
 * (kubernetes/kubernetes pkg/registry/rbac/validation/rule.go, appliesToUser).
 */
export function subjectKey(subject: SubjectRecord, namespace: string): string | undefined {
  switch (subject.kind) {
    case 'User':
      return userKey(subject.name);
    case 'Group':
      return groupKey(subject.name);
    case 'ServiceAccount': {
      const own = accountNamespace(subject, namespace);
      return own === '' ? undefined : userKey(serviceAccountUser(own, subject.name));
    }
  }
}

/** kubernetes/apiserver pkg/authentication/serviceaccount/util.go, MakeUsername. */
function serviceAccountUser(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** The subject as people write it: `User alice`, `Group team`, `ServiceAccount team-a/default-editor`. */
export function subjectText(subject: SubjectRecord, namespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind} ${subject.name}`;
  return `ServiceAccount ${accountNamespace(subject, namespace)}/${subject.name}`;
}

/** The binding's, where the subject names none. */
function accountNamespace(subject: SubjectRecord, bindingNamespace: string): string {
  return subject.namespace === '' ? bindingNamespace : subject.namespace;
}
