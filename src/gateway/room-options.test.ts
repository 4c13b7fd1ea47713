import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { parseConfig } from '../config/parse-config.ts';
import type { Config } from '../config/schema.ts';
import { sessionOptions } from './room-options.ts';

function configOf(yamlText: string): Config {
  const { config, problems } = parseConfig({ yamlText, env: {} });
  if (config === undefined) throw new Error(inspect(problems));
  return config;
}

it('hands sessions their limits and nothing that could stand for a service of the same name', () => {
  const config = configOf('{ oidc: { issuer: "https://issuer.example.com" } }');
  expect(sessionOptions(config)).toEqual({
    idleMs: 43_200_000,
    absoluteMs: 86_400_000,
    outageBoundMs: 900_000,
    cacheEntries: 100_000,
    claimsRefreshAfterMs: 600_000,
    claimsMaxAgeMs: 28_800_000,
    userIdHeader: 'kubeflow-userid',
    groupsHeader: 'kubeflow-groups',
  });
});
