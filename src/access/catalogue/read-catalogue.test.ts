import { describe, expect, it } from 'vitest';
import { rowsIn } from '../../../test/fixtures/route-catalogue.ts';
import { problemText, readCatalogue } from './read-catalogue.ts';

const OWN_APPLICATION = `rows:
  - id: my-app
    class: my-app
    path: /my-app/{namespace}/**
    ask: get services my-app
`;

function problemsIn(yaml: string): readonly string[] {
  const read = readCatalogue(yaml, 'routes.yaml');
  return read.kind === 'invalid' ? read.problems.map(problemText) : [];
}

describe('a catalogue file', () => {
  it('takes five lines for an own application', () => {
    const [row] = rowsIn(OWN_APPLICATION);
    expect(row).toMatchObject({
      id: 'my-app',
      place: { file: 'catalogue', line: 2 },
      class: 'my-app',
      methods: 'any',
      namespace: { kind: 'path' },
      ask: [{ action: { verb: 'get', group: '', resource: 'services', subresource: '' } }],
      noNamespace: 'authenticated',
    });
  });

  it('gives its rows what their application says, unless they say otherwise', () => {
    const [first, second] = rowsIn(`
applications:
  - name: app
    prefix: /app
    class: tools
    neverRedirect: true
    byIdOnly: true
    mustAgree: [namespace]
    serviceAccounts: { usable: false, because: of policies }
    rows:
      - { id: one, path: /, methods: GET }
      - { id: two, path: '/x/{namespace}', class: other, neverRedirect: false, byIdOnly: false }
`);
    expect(first).toMatchObject({
      paths: [{ text: '/app' }],
      methods: ['GET'],
      class: 'tools',
      neverRedirect: true,
      isByIdOnly: true,
      mustAgree: [],
      serviceAccountsCannot: 'of policies',
    });
    expect(second).toMatchObject({
      paths: [{ text: '/app/x/{namespace}' }],
      class: 'other',
      neverRedirect: false,
      isByIdOnly: false,
      mustAgree: ['namespace'],
    });
  });

  it('refuses what does not name its namespace in a parameter that ought to, unless it says otherwise', () => {
    const rows = rowsIn(`
rows:
  - { id: strict, path: /a, namespace: { query: [namespace] }, ask: list pods }
  - { id: lax, path: /b, namespace: { query: [namespace] }, ask: list pods, noNamespace: authenticated }
  - { id: apart, path: /c, namespace: { query: [namespace] }, ask: list pods, emptyNamespace: cluster }
`);
    expect(rows.map((row) => [row.noNamespace, row.emptyNamespace])).toEqual([
      ['deny', 'deny'],
      ['authenticated', 'authenticated'],
      ['deny', 'cluster'],
    ]);
  });

  it('may be empty', () => {
    expect(rowsIn('')).toEqual([]);
  });

  it('tells all problems at once, with row and line', () => {
    const problems = problemsIn(`rows:
  - id: one
    path: a
    colour: red
  - id: two
    path: /x
    ask: [list pods, 'list  pods']
    methods: [GET, BREW]
  - path: /y
applications:
  - name: app
    rows:
      - id: three
        path: /z
        noNamespace: perhaps
`);
    expect(problems).toEqual([
      expect.stringMatching(/^routes\.yaml:3: row one: path: must be a path such as/),
      expect.stringMatching(/^routes\.yaml:4: row one: colour is not a key here$/),
      expect.stringMatching(/^routes\.yaml:7: row two: ask: must be "VERB/),
      expect.stringMatching(/^routes\.yaml:8: row two: methods: must be any, or/),
      expect.stringMatching(/^routes\.yaml:9: id: /),
      expect.stringMatching(/^routes\.yaml:15: row three: noNamespace: must be one of/),
    ]);
  });

  it.each([
    ['a key that is there twice', 'rows: []\nrows: []\n', 2],
    ['what is no YAML', 'rows: [\n', 2],
  ])('refuses %s', (_, yaml, line) => {
    expect(problemsIn(yaml)[0]).toMatch(new RegExp(`^routes\\.yaml:${line}: `));
  });

  it('refuses an alias of nothing, and aliases of far too much', () => {
    expect(problemsIn('rows: *nothing')).toEqual([expect.stringContaining('nothing')]);
    const levels = Array.from(
      { length: 9 },
      (_, at) => `x${at + 1}: &x${at + 1} [${`*x${at}, `.repeat(9)}]`,
    );
    expect(problemsIn(['x0: &x0 [1]', ...levels].join('\n'))).toHaveLength(1);
  });

  it.each(['- 1', 'true', 'rows: 3', 'applications: [1]', 'rows: [null]'])('refuses %j', (yaml) => {
    expect(problemsIn(yaml).length).toBeGreaterThan(0);
  });
});
