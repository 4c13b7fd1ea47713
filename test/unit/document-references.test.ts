import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const repository = join(import.meta.dirname, '..', '..');

/** Paths of code and tests that a document names in its text. */
function pathsNamedIn(document: string): string[] {
  const text = readFileSync(join(repository, document), 'utf8');
  return [...text.matchAll(/`((?:src|test|config|demo|bench)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
}

test.each([
  'docs/threat-model.md',
  'docs/architecture.md',
  'docs/decisions/0002-one-decision-and-permits.md',
  'docs/decisions/0004-sessions.md',
  'docs/decisions/0005-session-store.md',
  'docs/decisions/0008-pages.md',
  'docs/decisions/0009-configuration-and-keys.md',
  'docs/decisions/0012-route-catalogue.md',
  'docs/routes.md',
  'docs/decisions/0014-inspection-and-review.md',
  'docs/decisions/0017-service-account-tokens.md',
  'docs/decisions/0023-command-line-credentials.md',
])('every file that %s names exists', (document) => {
  const paths = pathsNamedIn(document);
  expect(paths).not.toEqual([]);
  expect(paths.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
});

test('the threat model names a test for every threat', () => {
  const text = readFileSync(join(repository, 'docs/threat-model.md'), 'utf8');
  const threats = text.split('\n').filter((line) => /^\| T\d+ \|/.test(line));
  expect(threats.length).toBeGreaterThan(15);
  for (const threat of threats)
    expect(threat).toMatch(/`(?:src\/[\w./-]+\.test\.ts|test\/[\w./-]+)`.* \|$/);
});
