import { describe, expect, it } from 'vitest';
import {
  binding,
  clusterRole,
  role,
  rule,
  urlRule,
} from '../../../test/fixtures/policy-builders.ts';
import { actionOf } from '../../../test/fixtures/rbac-alphabet.ts';
import { questionFrom } from '../../../test/fixtures/rbac-request.ts';
import { RbacIndex } from './rbac-index.ts';
import type { BindingRecord } from './rbac-records.ts';

const reader = clusterRole('reader', rule('get', 'core', 'pods'));
const toReader = (name: string, ...subjects: string[]) =>
  binding('ns1', name, 'ClusterRole reader', ...subjects);

function indexOf(...bindings: BindingRecord[]): RbacIndex {
  const index = new RbacIndex();
  index.sinks.clusterroles.upsert(reader);
  for (const record of bindings) index.sinks.rolebindings.upsert(record);
  return index;
}

function grantedBy(index: RbacIndex, user: string, request = 'get pods @ns1'): string | undefined {
  const question = questionFrom(request);
  if ('path' in question) throw new Error('grants are of resources');
  const grant = index.grantOf(index.subjectsOf({ userId: user, groups: [] }), question);
  return grant?.binding?.name;
}

describe('changes', () => {
  it('count from the moment they are made', () => {
    const index = indexOf(toReader('a', 'User ann'));
    expect(grantedBy(index, 'ann')).toBe('a');
    index.sinks.rolebindings.remove({ namespace: 'ns1', name: 'a' });
    expect(grantedBy(index, 'ann')).toBeUndefined();
  });

  it('arm a binding when its role appears, and disarm it when the role goes', () => {
    const index = indexOf(toReader('a', 'User ann'));
    index.sinks.clusterroles.remove(reader);
    expect(grantedBy(index, 'ann')).toBeUndefined();
    index.sinks.clusterroles.upsert({ ...reader, uid: 'another' });
    expect(grantedBy(index, 'ann')).toBe('a');
    index.sinks.clusterroles.upsert({ ...reader, rules: [] });
    expect(grantedBy(index, 'ann')).toBeUndefined();
  });

  it('leave a grant in place that another binding gives too', () => {
    const index = indexOf(
      toReader('a', 'User ann'),
      toReader('b', 'User ann', 'User ann'),
      toReader('c', 'User ann'),
    );
    for (const [gone, left] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', undefined],
    ] as const) {
      index.sinks.rolebindings.remove({ namespace: 'ns1', name: gone });
      expect(grantedBy(index, 'ann')).toBe(left);
    }
  });

  it('of the role or the subjects of a binding replace what it granted', () => {
    const index = indexOf(toReader('a', 'User ann', 'User bob'));
    index.sinks.rolebindings.upsert(toReader('a', 'User bob', 'User carol'));
    expect(['ann', 'bob', 'carol'].map((user) => grantedBy(index, user))).toEqual([
      ...[undefined, 'a', 'a'],
    ]);
    index.sinks.rolebindings.upsert(binding('ns1', 'a', 'Role reader', 'User bob'));
    expect(grantedBy(index, 'bob')).toBeUndefined();
    index.sinks.roles.upsert(role('ns2', 'reader', ...reader.rules));
    expect(grantedBy(index, 'bob')).toBeUndefined();
    index.sinks.roles.upsert(role('ns1', 'reader', ...reader.rules));
    expect(grantedBy(index, 'bob')).toBe('a');
  });

  it('are the same for many bindings in one namespace, in whatever order they come', () => {
    const index = indexOf();
    const names = Array.from({ length: 200 }, (_, at) => `b${(at * 77) % 200}`);
    for (const name of names)
      index.sinks.rolebindings.upsert(toReader(name, 'User ann', 'User bob'));
    expect([...index.bindingsIn('ns1')].map(({ name }) => name)).toEqual([...names].sort());
    for (const name of names.slice(1)) {
      index.sinks.rolebindings.remove({ namespace: 'ns1', name });
      expect(grantedBy(index, 'ann')).toBeDefined();
    }
    expect(grantedBy(index, 'bob')).toBe(names[0]);
  });
});

describe('an object without the namespace that its type demands', () => {
  it('grants nothing', () => {
    const index = indexOf(binding('', 'a', 'ClusterRole reader', 'User ann'));
    index.sinks.roles.upsert(role('', 'nowhere', ...reader.rules));
    index.sinks.clusterrolebindings.upsert(binding('', 'c', 'Role nowhere', 'User bob'));
    for (const request of ['get pods', 'get pods @ns1']) {
      expect(grantedBy(index, 'ann', request)).toBeUndefined();
      expect(grantedBy(index, 'bob', request)).toBeUndefined();
    }
  });
});

describe('a generation', () => {
  it('replaces everything of its type, at once, when it is committed', () => {
    const index = indexOf(toReader('old', 'User ann'));
    const generation = index.sinks.rolebindings.begin();
    generation.add(toReader('new', 'User bob'));
    generation.add(toReader('twice', 'User mistake'));
    generation.add(toReader('twice', 'User carol'));
    expect(['ann', 'bob'].map((user) => grantedBy(index, user))).toEqual(['old', undefined]);
    generation.commit();
    expect(['ann', 'bob', 'carol', 'mistake'].map((user) => grantedBy(index, user))).toEqual([
      ...[undefined, 'new', 'twice', undefined],
    ]);
  });

  it('of roles reaches the bindings that refer to them', () => {
    const index = indexOf(toReader('a', 'User ann'));
    expect(grantedBy(index, 'ann', 'list pods @ns1')).toBeUndefined();
    const generation = index.sinks.clusterroles.begin();
    generation.add({ ...reader, rules: [rule('list', 'core', 'pods')] });
    generation.commit();
    expect(grantedBy(index, 'ann')).toBeUndefined();
    expect(grantedBy(index, 'ann', 'list pods @ns1')).toBe('a');
  });

  it('does not take part in changes that come while it is built', () => {
    const index = indexOf();
    const generation = index.sinks.rolebindings.begin();
    index.sinks.rolebindings.upsert(toReader('meanwhile', 'User ann'));
    expect(grantedBy(index, 'ann')).toBe('meanwhile');
    generation.commit();
    expect(grantedBy(index, 'ann')).toBeUndefined();
  });

  it('is worth nothing once another has begun, or it was committed', () => {
    const { sinks } = indexOf();
    const older = sinks.rolebindings.begin();
    const newer = sinks.rolebindings.begin();
    expect(() => older.commit()).toThrow('not being built');
    expect(() => older.add(toReader('a', 'User ann'))).toThrow('not being built');
    newer.commit();
    expect(() => newer.add(toReader('a', 'User ann'))).toThrow('not being built');
    expect(() => newer.commit()).toThrow('not being built');
  });
});

describe('the revision', () => {
  function changesBy(change: (index: RbacIndex) => void): number {
    const index = indexOf(toReader('a', 'User ann', 'ServiceAccount sa'));
    let heard = 0;
    const before = index.revision;
    const cancel = index.onChange(() => heard++);
    change(index);
    expect(index.revision - before).toBe(heard);
    cancel();
    index.sinks.clusterroles.remove(reader);
    expect(index.revision - before).toBe(heard + 1);
    return heard;
  }
  const profile = { namespace: '', name: 'ns1', uid: 'p', owner: { kind: 'User', name: 'ann' } };
  const account = { namespace: 'ns1', name: 'sa', uid: 's' };

  it.each<[string, (index: RbacIndex) => void]>([
    [
      'a binding with other subjects',
      ({ sinks }) => sinks.rolebindings.upsert(toReader('a', 'User bob')),
    ],
    [
      'a binding to another role',
      ({ sinks }) =>
        sinks.rolebindings.upsert(
          binding('ns1', 'a', 'ClusterRole other', 'User ann', 'ServiceAccount sa'),
        ),
    ],
    [
      'a new binding',
      ({ sinks }) =>
        sinks.clusterrolebindings.upsert(binding('', 'c', 'ClusterRole reader', 'User x')),
    ],
    [
      'a removed binding',
      ({ sinks }) => sinks.rolebindings.remove({ namespace: 'ns1', name: 'a' }),
    ],
    ['a role with other rules', ({ sinks }) => sinks.clusterroles.upsert({ ...reader, rules: [] })],
    ['a new generation', ({ sinks }) => sinks.roles.begin().commit()],
    ['a new Profile', ({ sinks }) => sinks.profiles.upsert(profile)],
    ['a new ServiceAccount', ({ sinks }) => sinks.serviceaccounts.upsert(account)],
  ])('grows once by %s', (_, change) => {
    expect(changesBy(change)).toBe(1);
  });

  it.each<[string, (index: RbacIndex) => void]>([
    [
      'the same binding again',
      ({ sinks }) => sinks.rolebindings.upsert(toReader('a', 'User ann', 'ServiceAccount sa')),
    ],
    [
      'its service account spelled with the namespace',
      ({ sinks }) => sinks.rolebindings.upsert(toReader('a', 'User ann', 'ServiceAccount ns1/sa')),
    ],
    [
      'another uid of a binding',
      ({ sinks }) =>
        sinks.rolebindings.upsert({
          ...toReader('a', 'User ann', 'ServiceAccount sa'),
          uid: 'another',
        }),
    ],
    [
      'another uid of a role',
      ({ sinks }) => sinks.clusterroles.upsert({ ...reader, uid: 'another' }),
    ],
    [
      'removing what is not there',
      ({ sinks }) => sinks.rolebindings.remove({ namespace: 'ns2', name: 'a' }),
    ],
    [
      'a generation that is not committed',
      ({ sinks }) => sinks.rolebindings.begin().add(toReader('b', 'User x')),
    ],
  ])('is left alone by %s', (_, change) => {
    expect(changesBy(change)).toBe(0);
  });

  it('tells recreated Profiles and ServiceAccounts from those before', () => {
    const index = indexOf();
    index.sinks.profiles.upsert(profile);
    index.sinks.serviceaccounts.upsert(account);
    const { revision } = index;
    index.sinks.profiles.upsert({ ...profile });
    index.sinks.serviceaccounts.upsert({ ...account });
    expect(index.revision).toBe(revision);
    index.sinks.profiles.upsert({ ...profile, uid: 'p2' });
    index.sinks.serviceaccounts.upsert({ ...account, uid: 's2' });
    expect(index.revision).toBe(revision + 2);
    expect(index.profile('ns1')?.uid).toBe('p2');
    expect(index.serviceAccount('ns1', 'sa')?.uid).toBe('s2');
    expect(index.serviceAccount('ns2', 'sa')).toBeUndefined();
  });
});

describe('what is stored', () => {
  it('is given back as it was, under the namespace it is in', () => {
    const record = toReader('a', 'User ann', 'Group team', 'ServiceAccount ns2/sa');
    const cluster = binding('', 'c', 'ClusterRole reader', 'User x');
    const index = indexOf(record, { ...record, namespace: 'ns2' });
    index.sinks.clusterrolebindings.upsert(cluster);
    expect([...index.bindingsIn('ns1')]).toEqual([record]);
    expect([...index.bindingsIn('')]).toEqual([cluster]);
    expect([...index.bindingsIn('ns3')]).toEqual([]);
  });

  it('lists Profiles by name', () => {
    const index = indexOf();
    for (const name of ['b', 'c', 'a']) {
      const owner = { kind: 'User', name: 'ann' };
      index.sinks.profiles.upsert({ namespace: '', name, uid: '', owner });
    }
    expect([...index.profiles()].map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('knows a principal by its object', () => {
    const index = indexOf();
    const principal = { userId: 'ann', groups: [] };
    expect(index.subjectsOf(principal)).toBe(index.subjectsOf(principal));
  });

  it('answers for subjects that somebody else made of a principal', () => {
    const index = indexOf(toReader('a', 'Group system:authenticated'));
    const subjects = { principal: { userId: 'ann', groups: [] }, implicitGroups: [] };
    const question = { action: actionOf('get', '', 'pods', ''), namespace: 'ns1', name: '' };
    expect(index.grantOf(subjects, question)?.binding?.name).toBe('a');
  });
});

describe('an explanation', () => {
  it('names binding, subject, role and rule of what is allowed', () => {
    const own = rule('get', 'core', 'pods', 'p');
    const index = indexOf(binding('ns1', 'a', 'Role r', 'User x', 'ServiceAccount sa'));
    index.sinks.roles.upsert(role('ns1', 'r', rule('list', 'core', 'pods'), own));
    const principal = { userId: 'system:serviceaccount:ns1:sa', groups: [] };
    const question = { action: actionOf('get', '', 'pods', ''), namespace: 'ns1', name: 'p' };
    const explanation = index.explain(index.subjectsOf(principal), question);
    expect(explanation).toMatchObject({
      kind: 'allowed',
      grant: {
        binding: { name: 'a' },
        subject: 'ServiceAccount ns1/sa',
        role: { kind: 'Role', namespace: 'ns1', name: 'r' },
        rule: own,
      },
    });
  });

  it('names the rule that allows a URL', () => {
    const index = indexOf();
    const urls = urlRule('get', '/healthz*');
    index.sinks.clusterroles.upsert(clusterRole('urls', urls));
    index.sinks.clusterrolebindings.upsert(binding('', 'c', 'ClusterRole urls', 'Group team'));
    const subjects = index.subjectsOf({ userId: 'ann', groups: ['team'] });
    expect(index.explain(subjects, { verb: 'get', path: '/healthz/etcd' })).toMatchObject({
      kind: 'allowed',
      grant: {
        ...{ subject: 'Group team', rule: urls },
        role: { kind: 'ClusterRole', namespace: '', name: 'urls' },
      },
    });
  });

  it('says that system:masters needs no binding', () => {
    const index = indexOf();
    const subjects = index.subjectsOf({ userId: 'ann', groups: ['system:masters'] });
    expect(index.explain(subjects, { verb: 'get', path: '/' })).toEqual({
      kind: 'allowed',
      grant: {
        ...{ binding: undefined, subject: 'Group system:masters' },
        ...{ role: undefined, rule: undefined },
      },
    });
  });

  it('tells the nearest misses, those of the namespace first, each role that would do once, nothing that everybody has', () => {
    const index = indexOf(
      toReader('enough', 'User bob'),
      toReader('enough-too', 'User carol'),
      binding('ns1', 'missing', 'Role gone', 'User ann'),
      binding('ns1', 'other', 'ClusterRole lister', 'User ann'),
      binding('ns1', 'unrelated', 'ClusterRole lister', 'User bob'),
      binding('ns2', 'elsewhere', 'ClusterRole reader', 'User ann'),
    );
    index.sinks.clusterroles.upsert(clusterRole('lister', rule('list', 'core', 'pods')));
    const everybody = 'Group system:authenticated';
    index.sinks.clusterrolebindings.upsert(binding('', 'basic', 'ClusterRole lister', everybody));
    index.sinks.clusterrolebindings.upsert(binding('', 'own', 'ClusterRole lister', 'User ann'));
    index.sinks.clusterrolebindings.upsert(binding('', 'power', 'ClusterRole reader', 'Group a'));
    index.sinks.clusterrolebindings.upsert(binding('', 'power2', 'ClusterRole reader', 'Group b'));
    const subjects = index.subjectsOf({ userId: 'ann', groups: [] });
    const explanation = index.explain(subjects, questionFrom('get pods @ns1'));
    if (explanation.kind === 'allowed') throw new Error('must be denied');
    expect(explanation.nearest.map(({ binding: { name }, why }) => `${name} ${why}`)).toEqual([
      'missing role_missing',
      'other not_in_role',
      'enough not_a_subject',
      'own not_in_role',
      'power not_a_subject',
    ]);
  });

  it('tells no more than five', () => {
    const index = indexOf(
      ...Array.from({ length: 9 }, (_, at) => binding('ns1', `b${at}`, 'Role gone', 'User ann')),
    );
    const subjects = index.subjectsOf({ userId: 'ann', groups: [] });
    expect(index.explain(subjects, questionFrom('get pods @ns1'))).toMatchObject({
      ...{ kind: 'denied', nearest: { length: 5 } },
    });
  });
});
