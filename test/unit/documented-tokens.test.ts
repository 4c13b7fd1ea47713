import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load-config.ts';
import { fitsNamePattern } from '../../src/kernel/name-pattern.ts';
import { documentedYaml } from '../fixtures/documented-yaml.ts';

const blocks = documentedYaml('tokens.md');
const env = { KFGW_OIDC__CLIENT_SECRET: 'a-client-secret' };

function loaded(section: object) {
  const oidc = { issuer: 'https://dex.example.com' };
  const result = loadConfig({ yamlText: stringify({ oidc, ...section }), env });
  if (result.kind === 'invalid') throw new Error(JSON.stringify(result.problems));
  return result.config;
}

test('a CI system is configured as documented, and may name the user who is bound there', () => {
  const section = blocks.find((block) => 'tokens' in block);
  const binding = blocks.find(({ kind }) => kind === 'RoleBinding');
  const [issuer] = loaded(section ?? {}).tokens.issuers;
  const [subject] = (binding?.['subjects'] ?? []) as { name: string }[];
  expect(issuer?.claims.user).toBe('sub');
  expect(fitsNamePattern(subject?.name ?? '', issuer?.users ?? [])).toBe(true);
});

test('pods and notebooks ask for the audience that is configured where nothing is said', () => {
  const [audience] = loaded({}).tokens.serviceAccounts.audiences;
  const specs = blocks.flatMap(({ kind, spec }) =>
    kind === 'Pod' || kind === 'PodDefault' ? [JSON.stringify(spec)] : [],
  );
  expect(specs).toHaveLength(2);
  for (const spec of specs)
    expect(spec).toContain(`"serviceAccountToken":{"audience":"${audience}"`);
});
