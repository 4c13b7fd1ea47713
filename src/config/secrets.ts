// Owns secrets: read from files or the environment, never from the YAML file.
import { readFileSync } from 'node:fs';
import { Secret } from '../kernel/secret.ts';
import { environmentName } from './environment-name.ts';
import type { Problem } from './problem.ts';

export interface Secrets {
  readonly oidcClientSecret: Secret;
  readonly redisPassword: Secret | undefined;
  readonly redisSentinelPassword: Secret | undefined;
}

/** Paths of secrets; the option `…File` beside each names its file. */
export const secretPaths = ['oidc.clientSecret', 'redis.password', 'redis.sentinelPassword'];
export const secretEnvironmentNames: readonly string[] = secretPaths.map(environmentName);

/** The file that holds a secret, by the secret's path; undefined where none is named. */
export type SecretFiles = (path: string) => string | undefined;

type ReadSecrets =
  | { readonly kind: 'read'; readonly secrets: Secrets }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** Reads every secret. Surrounding white space, such as a file's last newline, is cut off. */
export function readSecrets(
  fileOf: SecretFiles,
  env: Readonly<Record<string, string | undefined>>,
): ReadSecrets {
  const problems: Problem[] = [];
  const read = (path: string): Secret | undefined => {
    const result = readSecret(path, fileOf(path), env[environmentName(path)]);
    if (result === undefined || result instanceof Secret) return result;
    problems.push(result);
    return undefined;
  };
  const oidcClientSecret = read('oidc.clientSecret');
  const redisPassword = read('redis.password');
  const redisSentinelPassword = read('redis.sentinelPassword');
  if (problems.length === 0 && oidcClientSecret !== undefined)
    return { kind: 'read', secrets: { oidcClientSecret, redisPassword, redisSentinelPassword } };
  const path = 'oidc.clientSecretFile';
  const missing = { path, message: `is required: ${whereItGoes('oidc.clientSecret')}` };
  const isTold =
    oidcClientSecret !== undefined || problems.some((problem) => problem.path === path);
  return { kind: 'invalid', problems: isTold ? problems : [...problems, missing] };
}

function readSecret(
  path: string,
  file: string | undefined,
  variable: string | undefined,
): Secret | Problem | undefined {
  const option = `${path}File`;
  if (variable !== undefined && file !== undefined)
    return { path: option, message: `and ${environmentName(path)} are both given: remove one` };
  if (variable !== undefined)
    return secretOf(variable) ?? { path: environmentName(path), message: 'must not be empty' };
  if (file === undefined) return undefined;
  try {
    return secretOf(readFileSync(file, 'utf8')) ?? { path: option, message: 'names an empty file' };
  } catch (error) {
    // Not the file's name: who mistakes the option writes the secret itself there.
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { path: option, message: `must name a file that the gateway can read${code}` };
  }
}

function secretOf(text: string): Secret | undefined {
  const value = text.trim();
  return value === '' ? undefined : new Secret(value);
}

/** Where a secret that stands in the YAML file should be instead. */
export function whereItGoes(path: string): string {
  return `name a file with it in ${path}File, or give it as ${environmentName(path)}`;
}
