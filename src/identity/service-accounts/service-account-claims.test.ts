import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDnsLabel, isDnsSubdomain } from '../../request/dns-name.ts';
import { looksLikeServiceAccount, readServiceAccount } from './service-account-claims.ts';

function claims(namespace: unknown, name: unknown, uid: unknown = 'uid-1', sub?: unknown) {
  return {
    sub: sub ?? `system:serviceaccount:${String(namespace)}:${String(name)}`,
    'kubernetes.io': { namespace, serviceaccount: { name, uid } },
  };
}

describe('the account of a token', () => {
  it('is named by its subject and its private claim alike', () => {
    expect(readServiceAccount(claims('team-a', 'ci.builds'))).toEqual({
      ...{ namespace: 'team-a', name: 'ci.builds', uid: 'uid-1' },
      userId: 'system:serviceaccount:team-a:ci.builds',
    });
  });

  it.each([
    ['a subject in other letters', claims('team-a', 'ci', 'u', 'System:serviceaccount:team-a:ci')],
    ['a longer subject', claims('team-a', 'ci', 'u', 'system:serviceaccount:team-a:ci:x')],
    ['a subject of another namespace', claims('team-a', 'ci', 'u', 'system:serviceaccount:b:ci')],
    ['a subject that is no text', claims('team-a', 'ci', 'u', ['system:serviceaccount:team-a:ci'])],
    ['an upper-case namespace', claims('Team-a', 'ci')],
    ['a namespace with a dot', claims('team.a', 'ci')],
    ['a colon in the name', claims('team-a', 'ci:x')],
    ['a slash in the name', claims('team-a', '../ci')],
    ['a name that is not ASCII', claims('team-a', 'cі')],
    ['a comma in the name', claims('team-a', 'ci,system')],
    ['an empty name', claims('team-a', '')],
    ['an empty uid', claims('team-a', 'ci', '')],
    ['a uid that is no text', claims('team-a', 'ci', 7)],
    ['a name that is a list', claims('team-a', ['ci'])],
    ['no private claim', { sub: 'system:serviceaccount:team-a:ci' }],
    ['a private claim that is a list', { ...claims('team-a', 'ci'), 'kubernetes.io': [] }],
  ])('is not known from %s', (_, payload) => {
    expect(readServiceAccount(payload)).toBeUndefined();
  });

  it('is, whatever is claimed, one that Kubernetes could have', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9.:-]{0,12}$/));
    fc.assert(
      fc.property(text, text, fc.string(), (namespace, name, uid) => {
        const account = readServiceAccount(claims(namespace, name, uid));
        const isPossible = isDnsLabel(namespace) && isDnsSubdomain(name) && uid !== '';
        expect(account !== undefined).toBe(isPossible);
        if (account !== undefined) expect(account.userId.split(':')).toHaveLength(4);
      }),
    );
  });

  it('is expected behind every subject of that form', () => {
    expect(looksLikeServiceAccount({ sub: 'system:serviceaccount:' })).toBe(true);
    expect(looksLikeServiceAccount({ sub: 'system:admin' })).toBe(false);
    expect(looksLikeServiceAccount({ sub: ['system:serviceaccount:a:b'] })).toBe(false);
  });
});
