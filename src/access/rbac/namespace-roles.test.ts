import { describe, expect, it } from 'vitest';
import { binding, clusterRole, rule } from '../../../test/fixtures/policy-builders.ts';
import { namespaceRoles } from './namespace-roles.ts';
import { RbacIndex } from './rbac-index.ts';

const roles = [
  clusterRole('admin', rule('*', 'rbac.authorization.k8s.io', 'rolebindings')),
  clusterRole('edit', rule('create,get', 'kubeflow.org', 'notebooks')),
  clusterRole('view', rule('get', 'kubeflow.org', 'notebooks')),
  clusterRole('lists', rule('list', 'kubeflow.org', 'notebooks')),
  clusterRole('one', rule('get', 'kubeflow.org', 'notebooks', 'lab')),
];

function indexWith(namespaces: readonly string[], bindings: Record<string, string>): RbacIndex {
  const index = new RbacIndex();
  for (const role of roles) index.sinks.clusterroles.upsert(role);
  for (const name of namespaces) {
    const owner = { kind: 'User', name: 'somebody' };
    index.sinks.profiles.upsert({ namespace: '', name, uid: '', owner });
  }
  for (const [namespace, role] of Object.entries(bindings)) {
    const name = `${role}-ann`;
    index.sinks.rolebindings.upsert(binding(namespace, name, `ClusterRole ${role}`, 'User ann'));
  }
  return index;
}

const pageOf = (index: RbacIndex, limit: number) =>
  namespaceRoles(index, index.subjectsOf({ userId: 'ann', groups: [] }), { limit });

describe('where a person may do what', () => {
  const spaces = ['f', 'e', 'd', 'c', 'b', 'a'];
  const bound = { a: 'admin', b: 'edit', c: 'view', d: 'lists', e: 'one', none: 'admin' };

  it('is told per Profile, by what RBAC allows', () => {
    expect(pageOf(indexWith(spaces, bound), 10)).toEqual({
      namespaces: [
        { namespace: 'a', role: 'owner' },
        { namespace: 'b', role: 'contributor' },
        { namespace: 'c', role: 'viewer' },
        { namespace: 'd', role: 'viewer' },
      ],
      isTruncated: false,
    });
  });

  it('is the stronger of what is granted there and everywhere', () => {
    const index = indexWith(spaces, bound);
    const everywhere = binding('', 'all', 'ClusterRole edit', 'User ann');
    index.sinks.clusterrolebindings.upsert(everywhere);
    expect(pageOf(index, 10).namespaces.map(({ role }) => role)).toEqual([
      'owner',
      ...Array<string>(5).fill('contributor'),
    ]);
  });

  it('ends at the limit, and says so', () => {
    const index = indexWith(spaces, bound);
    const first = pageOf(index, 3);
    expect(first.namespaces.map(({ namespace }) => namespace)).toEqual(['a', 'b', 'c']);
    expect(first.isTruncated).toBe(true);
    expect(pageOf(index, 4).isTruncated).toBe(false);
  });
});
