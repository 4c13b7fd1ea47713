import { describe, expect, it } from 'vitest';
import { rowsIn } from '../../../test/fixtures/route-catalogue.ts';
import { lintCatalogue } from './lint-catalogue.ts';

/** Row and message of every error and warning about these files. */
function lint(...files: readonly string[]): { errors: string[]; warnings: string[] } {
  const found = lintCatalogue(files.map((yaml) => rowsIn(`rows:\n${yaml}`)));
  const texts = (problems: (typeof found)['errors']): string[] =>
    problems.map(({ row, message }) => `${row ?? ''}: ${message}`);
  return { errors: texts(found.errors), warnings: texts(found.warnings) };
}

const clean = { errors: [], warnings: [] };
const asked = "- { id: asked, path: '/app/{namespace}/**', ask: list pods }";

describe('the linter', () => {
  it('says nothing of rows of which the stricter is the more specific', () => {
    expect(lint(`${asked}\n- { id: pages, path: /app/** }\n- { id: other, path: /other }`)).toEqual(
      clean,
    );
  });

  it.each([
    ['- { id: a, class: x }', 'needs either path or host'],
    ['- { id: a, path: /a, host: a.example.com }', 'needs either path or host'],
    ['- { id: a, path: /a, ask: list pods }', 'shows no namespace'],
    ['- { id: a, path: /a, noNamespace: cluster }', 'cluster needs ask'],
    ['- { id: a, path: /a, allow: [GET] }', 'allow needs noNamespace: deny'],
    ...[
      "path: '/{namespace}', ask: list pods",
      'path: /a, byIdOnly: true',
      'path: /a, namespace: { query: [ns] }, ask: list pods',
    ].map((said) => [
      `- { id: a, ${said}, namespaceFree: true }`,
      'is namespaceFree, and yet has to do with a namespace',
    ]),
    [
      "- { id: a, path: '/{namespace}', ask: list pods, noNamespace: public }",
      'is public and asks',
    ],
    ["- { id: a, path: '/{namespace}', ask: 'get pods {pod}' }", 'asks for {pod}, which'],
    ["- { id: a, path: ['/{namespace}/{x}', '/b'], ask: list pods }", '/b has no {namespace}'],
    ["- { id: a, path: '/{x}/{x}' }", 'has one placeholder twice'],
    [
      "- { id: a, path: '/{namespace}', namespace: { query: [ns] }, ask: list pods }",
      'and namespace names a query parameter',
    ],
    ["- { id: a, host: inferenceHosts, ask: 'get pods {pod}' }", 'which no host pattern has'],
    [
      "- { id: a, host: inferenceHosts, ask: 'get pods {?pod}' }",
      'cannot ask for a query parameter',
    ],
    ['- { id: a, path: /a }\n- { id: a, path: /b }', 'a is the id of another row'],
  ])('takes %s for an error', (yaml, message) => {
    const { errors } = lint(yaml);
    expect(errors).toEqual([expect.stringContaining(message)]);
  });

  it.each(['pipelines', 'registry'])('never lets %s have Authorization', (name) => {
    const row = `{ id: a, path: /a, class: ${name}, passAuthorization: true }`;
    const message = `a: passes Authorization on to ${name}, which tells callers inside the cluster by it`;
    expect(lint(`- ${row}`).errors).toEqual([message]);
    const ofApplication = `applications:\n- { name: x, class: ${name}, passAuthorization: true, rows: [{ id: a, path: /a }] }`;
    const { errors } = lintCatalogue([rowsIn(ofApplication)]);
    expect(errors.map(({ row: id }) => id)).toEqual(['a']);
    expect(lint(`- ${row.replace(name, 'notebooks')}`)).toEqual(clean);
  });

  it('finds rows of an earlier file that take requests of theirs with Authorization', () => {
    const theirs = "- { id: theirs, path: '/pipeline/**', class: pipelines }";
    const pass = (path: string) => `- { id: mine, path: ${path}, passAuthorization: true }`;
    expect(lint(pass('/pipeline/apis/**'), theirs).errors).toEqual([
      expect.stringContaining('(takes requests from theirs)'),
    ]);
    expect(lint(pass('/other/**'), theirs)).toEqual(clean);
    expect(lint(`${pass('/**')}\n${theirs}`)).toEqual(clean);
  });

  it('finds ids that two files share', () => {
    expect(lint('- { id: a, path: /a }', '- { id: a, path: /b }').errors).toHaveLength(1);
  });

  it('finds rows that are never reached', () => {
    const yaml = `${asked}\n- { id: again, path: '/app/{namespace}/**', methods: GET, ask: list events }`;
    expect(lint(yaml)).toEqual(clean);
    const named = yaml.replace('ask: list pods', 'ask: list pods, methods: [GET, POST]');
    expect(lint(named).errors).toEqual(['again: is never reached: asked has the same paths']);
    const anyTwice = `${asked}\n- { id: again, path: '/app/{namespace}/**', ask: list events }`;
    expect(lint(anyTwice).errors).toHaveLength(1);
  });

  it('finds a namespace that nobody reads', () => {
    expect(lint("- { id: a, path: '/app/{namespace}/**' }").warnings).toEqual([
      'a: shows a namespace that nothing asks about',
    ]);
  });

  it('does not let a public row stand around one that asks', () => {
    expect(lint(`${asked}\n- { id: open, path: /app/**, noNamespace: public }`).errors).toEqual([
      'open: is public around asked, which is not',
    ]);
  });

  it('points at a public row inside one that asks', () => {
    const inside = "- { id: open, path: '/app/{namespace}/hook', noNamespace: public }";
    const { errors, warnings } = lint(`${asked}\n${inside}`);
    expect(errors).toEqual([]);
    expect(warnings).toContain('open: is a public exception of asked');
  });

  it('points at a row that takes requests from a stricter one without being more specific', () => {
    const crossing =
      '- { id: lax, path: /app/team-a/** }\n- { id: strict, path: "/app/{namespace}/x", ask: list pods }';
    expect(lint(crossing).warnings).toEqual([
      'lax: /app/team-a/** takes requests from the stricter strict (/app/{namespace}/x)',
    ]);
    const harmless = crossing.replace('lax, path: /app/team-a/**', "lax, path: '/app/{x}/**'");
    expect(lint(harmless)).toEqual(clean);
  });

  it('points at a row of an earlier file that demands less than those that it takes requests from', () => {
    const lax = '- { id: lax, path: /app/** }';
    expect(lint(lax, asked).warnings).toEqual([
      'lax: takes requests from asked, which demand more',
    ]);
    expect(lint('- { id: strict, path: /app/**, noNamespace: deny }', asked)).toEqual(clean);
  });
});
