import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from './read-record.ts';
import { watchedTypes } from './rbac-records.ts';

const metadata = { namespace: 'team-a', name: 'x', uid: 'u1' };
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' };
const noRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };

describe('readRecord', () => {
  it('keeps of a role what RBAC reads', () => {
    const rules = [
      {
        verbs: ['get', '*'],
        apiGroups: [''],
        resources: ['pods', 'pods/log'],
        resourceNames: [''],
      },
      { verbs: ['get'], nonResourceURLs: ['/healthz/*'] },
    ];
    const object = { kind: 'Role', metadata: { ...metadata, labels: { a: 'b' } }, rules };
    expect(readRecord('roles', object)).toEqual({
      kind: 'record',
      record: {
        ...metadata,
        rules: [
          { ...noRule, ...rules[0] },
          { ...noRule, ...rules[1] },
        ],
      },
    });
  });

  it.each([[undefined], [null], [[]]])('reads rules: %j as a role without rules', (rules) => {
    expect(readRecord('clusterroles', { metadata, rules })).toEqual({
      kind: 'record',
      record: { ...metadata, namespace: '', rules: [] },
    });
  });

  it('never computes an aggregation: the stored rules are the rules', () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] };
    const read = readRecord('clusterroles', { metadata, rules: null, aggregationRule });
    expect(read).toMatchObject({ kind: 'record', record: { rules: [] } });
  });

  it('keeps the subjects that RBAC knows, whatever API group they name', () => {
    const subjects = [
      { kind: 'User', name: 'Alice ', apiGroup: 'elsewhere.example' },
      { kind: 'Robot', apiGroup: 'rbac.authorization.k8s.io' },
      { kind: 'Group', name: '*', namespace: null },
      { kind: 'ServiceAccount', name: 'sa', namespace: 'team-b' },
      { kind: 'user', name: 'alice' },
    ];
    expect(readRecord('rolebindings', { metadata, roleRef, subjects })).toEqual({
      kind: 'record',
      record: {
        ...metadata,
        roleRef: { kind: 'ClusterRole', name: 'edit' },
        subjects: [
          { kind: 'User', name: 'Alice ', namespace: '' },
          { kind: 'Group', name: '*', namespace: '' },
          { kind: 'ServiceAccount', name: 'sa', namespace: 'team-b' },
        ],
      },
    });
  });

  it.each([[undefined], [null], [[]]])('reads subjects: %j as a binding of nobody', (subjects) => {
    const read = readRecord('clusterrolebindings', { metadata, roleRef, subjects });
    expect(read).toMatchObject({ kind: 'record', record: { namespace: '', subjects: [] } });
  });

  it('keeps a kind of role that does not exist as it is written', () => {
    const read = readRecord('rolebindings', { metadata, roleRef: { kind: 'Rôle', name: 'x' } });
    expect(read).toMatchObject({ record: { roleRef: { kind: 'Rôle', name: 'x' } } });
  });

  it('reads the owner of a profile, and none where the schema lets it be absent', () => {
    const owner = { kind: 'User', name: 'alice@example.com', apiGroup: 'x' };
    expect(readRecord('profiles', { metadata: { name: 'team-a' }, spec: { owner } })).toEqual({
      kind: 'record',
      record: {
        namespace: '',
        name: 'team-a',
        uid: '',
        owner: { kind: 'User', name: 'alice@example.com' },
      },
    });
    expect(readRecord('profiles', { metadata })).toMatchObject({
      record: { owner: { kind: '', name: '' } },
    });
  });

  it('needs no more of a service account than its metadata', () => {
    const object = { kind: 'PartialObjectMetadata', metadata };
    expect(readRecord('serviceaccounts', object)).toEqual({ kind: 'record', record: metadata });
  });

  it.each([
    ['roles', 7, undefined, 'the object is not an object'],
    ['roles', [], undefined, 'the object is not an object'],
    ['roles', {}, undefined, 'metadata.namespace is missing'],
    ['roles', { metadata: [] }, undefined, 'metadata is not an object'],
    ['roles', { metadata: { name: 'x' } }, undefined, 'metadata.namespace is missing'],
    ['roles', { metadata: { namespace: 'n', name: '' } }, undefined, 'metadata.name is missing'],
    ['profiles', { metadata: { name: 7 } }, undefined, 'metadata.name is not text'],
    ['profiles', { metadata: { name: 'x', uid: 7 } }, undefined, 'metadata.uid is not text'],
    ['roles', { metadata, rules: {} }, 'x', 'rules is not a list'],
    ['roles', { metadata, rules: ['*'] }, 'x', 'rules[0] is not an object'],
    ['roles', { metadata, rules: [{}, { verbs: '*' }] }, 'x', 'rules[1].verbs is not a list'],
    ['roles', { metadata, rules: [{ verbs: [null] }] }, 'x', 'rules[0].verbs[0] is not text'],
    [
      'roles',
      { metadata, rules: [{ resourceNames: ['a', 7] }] },
      'x',
      'rules[0].resourceNames[1] is not text',
    ],
    ['rolebindings', { metadata }, 'x', 'roleRef.kind is missing'],
    ['rolebindings', { metadata, roleRef: 'edit' }, 'x', 'roleRef is not an object'],
    ['rolebindings', { metadata, roleRef: { kind: 'Role' } }, 'x', 'roleRef.name is missing'],
    ['rolebindings', { metadata, roleRef, subjects: {} }, 'x', 'subjects is not a list'],
    ['rolebindings', { metadata, roleRef, subjects: [{}] }, 'x', 'subjects[0].kind is missing'],
    [
      'rolebindings',
      { metadata, roleRef, subjects: [{ kind: 'User', name: ['a'] }] },
      'x',
      'subjects[0].name is not text',
    ],
    [
      'rolebindings',
      { metadata, roleRef, subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 1 }] },
      'x',
      'subjects[0].namespace is not text',
    ],
    ['profiles', { metadata, spec: { owner: 'me' } }, 'x', 'spec.owner is not an object'],
  ] as const)('has a problem with %s %j', (type, object, name, problem) => {
    const read = readRecord(type, object);
    expect(read).toMatchObject({ kind: 'problem', problem });
    expect(read.kind === 'problem' ? read.key?.name : 'a record').toBe(name);
  });

  it('says of which object the problem is, so that its old grants can go', () => {
    expect(readRecord('clusterroles', { metadata, rules: 7 })).toEqual({
      kind: 'problem',
      key: { namespace: '', name: 'x' },
      problem: 'rules is not a list',
    });
  });

  it('refuses an object of more entries than any stored object has', () => {
    const verbs = Array.from({ length: 60_000 }, () => 'get');
    expect(readRecord('roles', { metadata, rules: [{ verbs }] }).kind).toBe('record');
    expect(readRecord('roles', { metadata, rules: [{ verbs }, { verbs }] })).toMatchObject({
      kind: 'problem',
      problem: 'rules[1].verbs has too many entries',
    });
  });

  it('never throws, whatever it is given', () => {
    const field = fc.oneof(fc.anything(), fc.array(fc.dictionary(fc.string(), fc.anything())));
    const object = fc.oneof(
      fc.anything(),
      fc.record({ metadata: field, rules: field, subjects: field, roleRef: field, spec: field }),
      fc.record({ metadata: fc.constant(metadata), rules: field, subjects: field, roleRef: field }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...watchedTypes), object, (type, given) => {
        expect(['record', 'problem']).toContain(readRecord(type, given).kind);
      }),
    );
  });

  it('reads every record back as it was', () => {
    const text = fc.string({ minLength: 1 });
    const texts = fc.array(fc.string());
    const kind = fc.constantFrom('User', 'Group', 'ServiceAccount');
    const object = fc.record({
      metadata: fc.record({ namespace: text, name: text, uid: fc.string() }),
      rules: fc.array(
        fc.record({
          verbs: texts,
          apiGroups: texts,
          resources: texts,
          resourceNames: texts,
          nonResourceURLs: texts,
        }),
      ),
      roleRef: fc.record({ kind: text, name: text }),
      subjects: fc.array(fc.record({ kind, name: text, namespace: fc.string() })),
    });
    fc.assert(
      fc.property(object, ({ metadata: key, rules, roleRef: ref, subjects }) => {
        const json: unknown = JSON.parse(
          JSON.stringify({ metadata: key, rules, roleRef: ref, subjects }),
        );
        const role = { ...key, rules };
        const binding = { ...key, roleRef: ref, subjects };
        expect(readRecord('roles', json)).toEqual({ kind: 'record', record: role });
        expect(readRecord('rolebindings', json)).toEqual({ kind: 'record', record: binding });
      }),
    );
  });
});
