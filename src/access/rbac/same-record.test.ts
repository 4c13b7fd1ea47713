import { describe, expect, it } from 'vitest';
import { binding, clusterRole, rule, urlRule } from '../../../test/fixtures/policy-builders.ts';
import type { RuleRecord } from './rbac-records.ts';
import { isSameBinding, isSameRole } from './same-record.ts';

const some = { ...rule('get', 'apps', 'deployments', 'x'), nonResourceURLs: ['/x'] };
const roleOf = (...rules: RuleRecord[]) => clusterRole('r', ...rules);

describe('a role', () => {
  it('is the same with equal rules', () => {
    const copy: RuleRecord = structuredClone(some);
    expect(isSameRole(roleOf(some), roleOf(copy))).toBe(true);
  });

  it.each(['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'] as const)(
    'is another with other, more or fewer %s',
    (list) => {
      for (const texts of [['other'], [...some[list], 'more'], []]) {
        expect(isSameRole(roleOf(some), roleOf({ ...some, [list]: texts }))).toBe(false);
      }
    },
  );

  it('is another with another number of rules', () => {
    expect(isSameRole(roleOf(some), roleOf(some, some))).toBe(false);
    expect(isSameRole(roleOf(urlRule('get', '/')), roleOf())).toBe(false);
  });
});

describe('a binding', () => {
  const bound = binding('ns1', 'b', 'Role r', 'User u', 'ServiceAccount sa');

  it.each([
    binding('ns1', 'b', 'Role r', 'User u', 'ServiceAccount sa'),
    binding('ns1', 'b', 'Role r', 'User u', 'ServiceAccount ns1/sa'),
  ])('is the same with equal subjects and role: %j', (other) => {
    expect(isSameBinding(bound, other)).toBe(true);
  });

  it.each([
    binding('ns1', 'b', 'ClusterRole r', 'User u', 'ServiceAccount sa'),
    binding('ns1', 'b', 'Role R', 'User u', 'ServiceAccount sa'),
    binding('ns1', 'b', 'Role r', 'User u', 'ServiceAccount ns2/sa'),
    binding('ns1', 'b', 'Role r', 'Group u', 'ServiceAccount sa'),
    binding('ns1', 'b', 'Role r', 'User v', 'ServiceAccount sa'),
    binding('ns1', 'b', 'Role r', 'User u'),
  ])('is another with other ones: %j', (other) => {
    expect(isSameBinding(bound, other)).toBe(false);
  });
});
