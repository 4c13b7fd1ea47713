import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readManifests } from './read-manifests.ts';

function read(...texts: readonly string[]) {
  return readManifests(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
}

function problemsOf(...texts: readonly string[]): readonly string[] {
  const result = read(...texts);
  if (result.kind === 'read') return [];
  return result.problems.map((p) => `${p.file}:${p.line} ${p.problem}`);
}

const rbac = 'apiVersion: rbac.authorization.k8s.io/v1';
const role = `${rbac}
kind: Role
metadata: { namespace: team-a, name: r }
rules:
- { apiGroups: [""], resources: [pods], verbs: [get] }
`;

describe('readManifests', () => {
  it('sorts the objects of all files and documents by type', () => {
    const result = read(
      `# nothing yet\n---\n${role}---\n${rbac}
kind: RoleBinding
metadata: { namespace: team-a, name: b }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: r }
subjects: [{ kind: User, name: user@example.com }]
`,
      `${rbac}\nkind: ClusterRole\nmetadata: { name: c }\nrules: []\n---\n${rbac}
kind: ClusterRoleBinding
metadata: { name: cb }
roleRef: { kind: ClusterRole, name: c }
---
apiVersion: kubeflow.org/v1beta1
kind: Profile
metadata: { name: team-a }
spec: { owner: { kind: User, name: user@example.com } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { namespace: team-a, name: default-editor }
`,
    );
    expect(result).toMatchObject({
      kind: 'read',
      records: {
        roles: [{ namespace: 'team-a', name: 'r', uid: '', rules: [{ resources: ['pods'] }] }],
        rolebindings: [{ name: 'b', subjects: [{ kind: 'User', name: 'user@example.com' }] }],
        clusterroles: [{ namespace: '', name: 'c' }],
        clusterrolebindings: [{ name: 'cb', subjects: [] }],
        profiles: [{ name: 'team-a', owner: { kind: 'User', name: 'user@example.com' } }],
        serviceaccounts: [{ namespace: 'team-a', name: 'default-editor' }],
      },
      ignored: [],
      unfilled: [],
    });
  });

  it('reads JSON, tabs and all', () => {
    const item = { metadata: { name: 'c' }, rules: [] };
    const list = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleList' };
    const text = JSON.stringify({ ...list, items: [item] }, undefined, '\t');
    expect(read(text)).toMatchObject({ records: { clusterroles: [{ name: 'c' }] } });
  });

  it('unfolds lists, whose items say themselves what they are', () => {
    const indented = role.trim().replaceAll('\n', '\n  ');
    expect(read(`apiVersion: v1\nkind: List\nitems:\n- ${indented}\n`)).toMatchObject({
      records: { roles: [{ name: 'r' }] },
    });
    expect(problemsOf('apiVersion: v1\nkind: List\nitems:\n- metadata: { name: x }\n')).toEqual([
      '0.yaml:4 apiVersion is missing or is not text',
    ]);
  });

  it('ignores other kinds, and kinds of the same name in other API groups, and says so', () => {
    const result = read(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { namespace: a, name: x }\n---\napiVersion: iam.example.com/v1\nkind: Role\n',
    );
    expect(result).toMatchObject({
      records: { roles: [] },
      ignored: [
        { file: '0.yaml', line: 1, object: 'ConfigMap a/x' },
        { file: '0.yaml', line: 5, object: 'Role' },
      ],
    });
  });

  it('names aggregated roles whose rules nobody wrote', () => {
    const aggregated = (rules: string): string =>
      `${rbac}\nkind: ClusterRole\nmetadata: { name: c }\naggregationRule: {}\nrules: ${rules}\n`;
    expect(read(aggregated('[]'))).toMatchObject({ unfilled: [{ object: 'ClusterRole c' }] });
    expect(read(aggregated('[{ verbs: [get] }]'))).toMatchObject({ unfilled: [] });
  });

  it('tells all problems, each with its file and line', () => {
    expect(
      problemsOf(
        `${role}---\n${rbac}\nkind: Role\nmetadata: { name: x }\n`,
        'a: [\n',
        `${rbac}\nkind: ClusterRole\nmetadata: { name: c }\nrules: [{ verbs: "*" }]\n`,
      ),
    ).toEqual([
      '0.yaml:7 Role x: metadata.namespace is missing',
      '1.yaml:2 is not YAML that can be read (bad indent)',
      '2.yaml:1 ClusterRole c: rules[0].verbs is not a list',
    ]);
  });

  it('refuses the same object twice: nobody could say which one counts', () => {
    expect(problemsOf(role, `\n${role}`)).toEqual([
      '1.yaml:2 Role team-a/r: stands in 0.yaml, line 1 already',
    ]);
  });

  it('takes objects of one name in two namespaces for two', () => {
    expect(problemsOf(role, role.replace('team-a', 'team-b'))).toEqual([]);
  });

  it.each([
    ['is not an object', 'text'],
    ['is not an object', '- a'],
    ['apiVersion is missing or is not text', 'kind: Role'],
    ['kind is missing or is not text', 'apiVersion: v1'],
    ['apiVersion is missing or is not text', 'apiVersion: 1\nkind: Role'],
    ['is not YAML that can be read (duplicate key)', 'a: 1\na: 2'],
    ['is not YAML that can be read (tag resolve failed)', 'a: !secret b'],
    ['uses YAML aliases that cannot be resolved', 'a: *b'],
    ['is not YAML that can be read (non string key)', '? [a]\n: b'],
    ['is not YAML that can be read (resource exhaustion)', '['.repeat(100_000)],
    ['lists stand in lists too deep', '&l { apiVersion: v1, kind: List, items: [*l] }'],
  ])('has a problem: %s', (problem, text) => {
    expect(problemsOf(text).map((line) => line.replace(/^\S+ /, ''))).toEqual([problem]);
  });

  it('takes words that are booleans to kubectl for what they are there: no text', () => {
    expect(problemsOf(role.replace('[get]', '[on]'))).toEqual([
      '0.yaml:1 Role team-a/r: rules[0].verbs[0] is not text',
    ]);
  });

  it('never throws, whatever a file holds', () => {
    const yaml = fc.json().map((json) => `apiVersion: v1\nkind: List\nitems: [${json}]\n`);
    const cut = fc.nat(role.length).map((end) => role.slice(0, end));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), yaml, cut), (text) => {
        expect(['read', 'invalid']).toContain(read(text).kind);
      }),
    );
  });
});
