// Owns how objects are written for people: `RoleBinding team-a/admins`, `ClusterRole view`.
import type { BindingRecord, ObjectKey } from './rbac-records.ts';

export function objectText(kind: string, { namespace, name }: ObjectKey): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

export function bindingText(binding: BindingRecord): string {
  return objectText(binding.namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding', binding);
}
