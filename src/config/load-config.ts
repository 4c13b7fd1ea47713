// Owns loading: the configuration, and the secrets and files that it names.
import { statSync, type Stats } from 'node:fs';
import { dangersOf, type Danger } from './dangers.ts';
import { isMapping, type RawConfig } from './environment.ts';
import { leavesOf } from './leaves.ts';
import { parseConfig, type ConfigSource } from './parse-config.ts';
import type { Problem } from './problem.ts';
import type { PartialConfig } from './rule.ts';
import type { Config } from './schema.ts';
import { readSecrets, secretPaths, type SecretFiles, type Secrets } from './secrets.ts';

export interface LoadedConfig {
  readonly kind: 'loaded';
  readonly config: Config;
  readonly secrets: Secrets;
  /** Dangerous settings that are on: to be logged at every start. */
  readonly dangers: readonly Danger[];
}

export interface InvalidConfig {
  readonly kind: 'invalid';
  readonly problems: readonly Problem[];
}

/** Reads the configuration and its secrets. Never throws for anything that the two may hold. */
export function loadConfig(source: ConfigSource): LoadedConfig | InvalidConfig {
  const { raw, partial, config, problems } = parseConfig(source);
  if (raw === undefined) return { kind: 'invalid', problems };
  const secrets = readSecrets(secretFiles(raw), source.env);
  const allProblems = [
    ...problems,
    ...missingFiles(partial),
    ...(secrets.kind === 'invalid' ? secrets.problems : []),
  ];
  if (config === undefined || secrets.kind === 'invalid' || allProblems.length > 0)
    return { kind: 'invalid', problems: allProblems };
  return { kind: 'loaded', config, secrets: secrets.secrets, dangers: dangersOf(config) };
}

/** Secret files by the path of their secret, also where the section around them is not well-formed. */
function secretFiles(raw: RawConfig): SecretFiles {
  return (path) => {
    const [sectionName = '', name = ''] = path.split('.');
    const section = raw[sectionName];
    const file = isMapping(section) ? section[`${name}File`] : undefined;
    return typeof file === 'string' ? file : undefined;
  };
}

/** Files and directories that the options name and that are not there; secrets are read elsewhere. */
function missingFiles(config: PartialConfig): Problem[] {
  return leavesOf(config).flatMap(({ path, name, value }) => {
    const isFile = name.endsWith('File') && !secretPaths.includes(path.replace(/File$/, ''));
    if (typeof value !== 'string' || !(isFile || /directory$/i.test(name))) return [];
    const stats = statsOf(value);
    const isThere = isFile ? stats?.isFile() : stats?.isDirectory();
    const what = isFile ? 'file' : 'directory';
    return isThere === true ? [] : [{ path, message: `must name a ${what} that exists` }];
  });
}

/** Undefined also where the way to it is closed: one file must not hide the other problems. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
