import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generatedPages } from '../../docs/generated-pages.ts';
import { optionTable } from '../../src/config/option-table.ts';
import { secretEnvironmentNames } from '../../src/config/secrets.ts';
import { metricTable } from '../../src/kernel/metrics.ts';
import { reasons } from '../../src/kernel/reasons.ts';

const repository = join(import.meta.dirname, '..', '..');
const pages = await generatedPages();

describe('the generated documentation', () => {
  test.each([...pages])('%s is what the code says', async (path, text) => {
    expect(await readFile(join(repository, path), 'utf8')).toBe(text);
  });

  test('names every option, reason code and metric', () => {
    const options = optionTable.filter(({ kind }) => kind !== 'section');
    for (const { path } of options)
      expect(pages.get('docs/configuration.md')).toContain(`\`${path}\``);
    for (const name of Object.keys(reasons)) expect(pages.get('docs/reasons.md')).toContain(name);
    for (const name of Object.keys(metricTable))
      expect(pages.get('docs/metrics.md')).toContain(name);
  });

  test('explains every option', () => {
    for (const { about, kind, path } of optionTable)
      if (kind !== 'section') expect(about, path).toMatch(/^[A-Z"].{8,}\.$/);
  });
});

describe('naming rules of options', () => {
  const options = optionTable.map(({ path, kind }) => ({
    name: path.split('.').at(-1) ?? '',
    kind,
  }));

  test('files and directories are what their names say, so that missing ones are told', () => {
    for (const { name, kind } of options) {
      expect(name.endsWith('File'), name).toBe(kind === 'file');
      expect(/directory$/i.test(name), name).toBe(kind === 'directory');
    }
  });

  test('every option and secret has an environment name of its own', () => {
    const names = optionTable.flatMap(({ environment }) => environment ?? []);
    const all = [...names, ...secretEnvironmentNames];
    expect(new Set(all).size).toBe(all.length);
    for (const name of all) expect(name).toMatch(/^KFGW(_{1,2}[A-Z]+)+$/);
  });

  test('dangerous settings are flags that are off', () => {
    for (const { path, kind, defaultValue } of optionTable)
      if (path.includes('insecure')) expect([kind, defaultValue], path).toEqual(['boolean', false]);
  });
});
