import { describe, expect, it } from 'vitest';
import { binding, clusterRole, rule } from '../../../test/fixtures/policy-builders.ts';
import { namespaceRole } from './namespace-role.ts';
import { RbacIndex } from './rbac-index.ts';

const roles = [
  clusterRole('admin', rule('*', 'rbac.authorization.k8s.io', 'rolebindings')),
  clusterRole('edit', rule('create,get', 'kubeflow.org', 'notebooks')),
  clusterRole('view', rule('get', 'kubeflow.org', 'notebooks')),
  clusterRole('lists', rule('list', 'kubeflow.org', 'notebooks')),
  clusterRole('one', rule('get', 'kubeflow.org', 'notebooks', 'lab')),
];

/** What ann is in `team` with these bindings there, and with those everywhere. */
function roleWith(there: readonly string[], everywhere: readonly string[] = []) {
  const index = new RbacIndex();
  for (const role of roles) index.sinks.clusterroles.upsert(role);
  for (const role of there)
    index.sinks.rolebindings.upsert(binding('team', role, `ClusterRole ${role}`, 'User ann'));
  for (const role of everywhere)
    index.sinks.clusterrolebindings.upsert(binding('', role, `ClusterRole ${role}`, 'User ann'));
  return namespaceRole(index, index.subjectsOf({ userId: 'ann', groups: [] }), 'team');
}

describe('what somebody is in a namespace', () => {
  it.each([
    ['owner', 'admin'],
    ['contributor', 'edit'],
    ['viewer', 'view'],
    ['viewer', 'lists'],
  ])('is %s by what the role %s allows there', (expected, role) => {
    expect(roleWith([role])).toBe(expected);
  });

  it('is nothing without a right, or with one to a single notebook', () => {
    expect(roleWith([])).toBeUndefined();
    expect(roleWith(['one'])).toBeUndefined();
  });

  it('is the stronger of what is granted there and everywhere', () => {
    expect(roleWith(['view'], ['edit'])).toBe('contributor');
    expect(roleWith(['admin'], ['edit'])).toBe('owner');
  });
});
