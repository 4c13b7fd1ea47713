import { describe, expect, it } from 'vitest';
import { CallerSubjects } from './caller-subjects.ts';

const callerOf = (userId: string, groups: string[]) =>
  new CallerSubjects({ userId, groups }, (key) => key);
const account = ['system:serviceaccounts', 'system:serviceaccounts:ns1', 'system:authenticated'];

describe('the groups that a request to the API server would carry besides', () => {
  it.each<[string, string[], string[]]>([
    ['ann@example.com', ['team'], ['system:authenticated']],
    ['ann@example.com', ['system:authenticated'], []],
    ['ann@example.com', ['system:unauthenticated'], []],
    ['system:anonymous', [], []],
    ['', [], ['system:authenticated']],
    ['system:serviceaccount:ns1:sa', [], account],
    ['system:serviceaccount:ns1:a.b-c', ['system:serviceaccounts'], account.slice(1)],
    ['system:serviceaccount:ns1:sa', ['system:unauthenticated'], account.slice(0, 2)],
    [`system:serviceaccount:ns1:${'a'.repeat(253)}`, [], account],
    // no names of service accounts: kubernetes/apiserver pkg/authentication/serviceaccount/util.go, SplitUsername
    ['system:serviceaccount:ns1', [], ['system:authenticated']],
    ['system:serviceaccount:ns1:', [], ['system:authenticated']],
    ['system:serviceaccount::sa', [], ['system:authenticated']],
    ['system:serviceaccount:ns1:sa:x', [], ['system:authenticated']],
    ['system:serviceaccount:ns1:sa\n', [], ['system:authenticated']],
    ['system:serviceaccount:NS1:sa', [], ['system:authenticated']],
    ['system:serviceaccount:ns1:SA', [], ['system:authenticated']],
    ['system:serviceaccount:n.s:sa', [], ['system:authenticated']],
    ['system:serviceaccount:-ns:sa', [], ['system:authenticated']],
    ['system:serviceaccount:ns1:sa.', [], ['system:authenticated']],
    [`system:serviceaccount:${'n'.repeat(64)}:sa`, [], ['system:authenticated']],
    [`system:serviceaccount:ns1:${'a'.repeat(254)}`, [], ['system:authenticated']],
    ['xsystem:serviceaccount:ns1:sa', [], ['system:authenticated']],
  ])('of %s in %j are %j', (userId, groups, implicit) => {
    expect(callerOf(userId, groups).implicitGroups).toEqual(implicit);
  });
});

describe('a caller', () => {
  it('is known by user and groups, none twice, and a group is no user', () => {
    const { keys } = callerOf('team', ['team', 'team']);
    expect(keys).toEqual(['u:team', 'g:team', 'g:system:authenticated']);
  });

  it('is privileged in system:masters only', () => {
    expect(callerOf('ann', ['system:masters']).isPrivileged).toBe(true);
    expect(callerOf('system:masters', ['masters']).isPrivileged).toBe(false);
  });
});
