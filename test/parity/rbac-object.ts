// Owns writing slim records as the Kubernetes objects they stand for.
import type { BindingRecord, ObjectKey, RoleRecord } from '../../src/access/rbac/rbac-records.ts';
import type { PolicyType } from '../fixtures/rbac-policies.ts';
import type { KubeObject, KubeReference } from '../neighbours/kube-object.ts';

const API_VERSION = 'rbac.authorization.k8s.io/v1';

const kinds: Readonly<Record<PolicyType, string>> = {
  roles: 'Role',
  rolebindings: 'RoleBinding',
  clusterroles: 'ClusterRole',
  clusterrolebindings: 'ClusterRoleBinding',
};

/** The path that lists a type over all namespaces. */
export function listPath(type: PolicyType): string {
  return `/apis/${API_VERSION}/${type}`;
}

export function referenceTo(type: PolicyType, { namespace, name }: ObjectKey): KubeReference {
  return {
    apiVersion: API_VERSION,
    kind: kinds[type],
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
  };
}

/** What a record does not say is left out, so that the API server's own defaults apply. */
export function rbacObject(type: PolicyType, record: RoleRecord | BindingRecord): KubeObject {
  const reference = referenceTo(type, record);
  if (!('roleRef' in record)) return { ...reference, rules: record.rules };
  const subjects = record.subjects.map(({ kind, name, namespace }) => ({
    ...{ kind, name },
    ...(namespace === '' ? {} : { namespace }),
  }));
  return { ...reference, roleRef: record.roleRef, subjects };
}
