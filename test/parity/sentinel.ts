// Owns the objects by which it is seen that all earlier changes have arrived.
import type { BindingRecord, RoleRecord } from '../../src/access/rbac/rbac-records.ts';
import { actionOf } from '../fixtures/rbac-alphabet.ts';
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';

export const ownNamespaceOfSentinels = 'sentinels';
const NAME = 'sentinel';

/** One object of each type, and two questions that are allowed once all four are in force. */
export interface Sentinel {
  readonly role: RoleRecord;
  readonly roleBinding: BindingRecord;
  readonly clusterRole: RoleRecord;
  readonly clusterRoleBinding: BindingRecord;
  readonly questions: readonly AskedQuestion[];
}

let placed = 0;

/**
 * Each replaces the one before. Both the user and the object's name are new, so neither the role nor
 * the binding alone allows anything; no two of a process are alike.
 */
export function nextSentinel(): Sentinel {
  const number = ++placed;
  const user = `sentinel-${number}`;
  const name = `object-${number}`;
  const role = (namespace: string, resource: string): RoleRecord => ({
    ...{ namespace, name: NAME, uid: '' },
    rules: [
      {
        ...{ verbs: ['get'], apiGroups: [''], resources: [resource], resourceNames: [name] },
        nonResourceURLs: [],
      },
    ],
  });
  const binding = (namespace: string, kind: string): BindingRecord => ({
    ...{ namespace, name: NAME, uid: '', roleRef: { kind, name: NAME } },
    subjects: [{ kind: 'User', name: user, namespace: '' }],
  });
  const question = (namespace: string, resource: string): AskedQuestion => ({
    asker: { user, groups: [] },
    question: { action: actionOf('get', '', resource, ''), namespace, name },
  });
  return {
    role: role(ownNamespaceOfSentinels, 'own-sentinels'),
    roleBinding: binding(ownNamespaceOfSentinels, 'Role'),
    clusterRole: role('', 'cluster-sentinels'),
    clusterRoleBinding: binding('', 'ClusterRole'),
    questions: [
      question('', 'cluster-sentinels'),
      question(ownNamespaceOfSentinels, 'own-sentinels'),
    ],
  };
}
