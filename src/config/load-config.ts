// Owns loading: YAML and environment in, one frozen configuration or all its problems out.
import { statSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { dangersOf, type Danger } from './dangers.ts';
import { applyEnvironment, isMapping, type Environment, type RawConfig } from './environment.ts';
import { deepFrozen } from './deep-frozen.ts';
import { environmentName } from './environment-name.ts';
import { leavesOf } from './leaves.ts';
import { optionTable } from './option-table.ts';
import { schemaProblems, unknownOption, type Problem } from './problem.ts';
import { contradictions, type PartialConfig } from './rules.ts';
import { configSchema, sections, type Config } from './schema.ts';
import {
  readSecrets,
  secretPaths,
  whereItGoes,
  type SecretFiles,
  type Secrets,
} from './secrets.ts';

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

interface ConfigSource {
  readonly yamlText: string;
  readonly env: Environment;
}

/** Reads the configuration and its secrets. Never throws for anything that the two may hold. */
export function loadConfig({ yamlText, env }: ConfigSource): LoadedConfig | InvalidConfig {
  const document = parseYaml(yamlText);
  if (document.kind === 'invalid') return document;
  const { raw } = document;
  dropEmptySections(raw);
  const problems = [...takeInlineSecrets(raw), ...applyEnvironment(raw, env)];
  const partial = parseSections(raw, problems);
  problems.push(...contradictions(partial), ...missingFiles(partial));
  const secrets = readSecrets(secretFiles(raw), env);
  if (secrets.kind === 'invalid') problems.push(...secrets.problems);
  const whole = configSchema.safeParse(raw);
  if (problems.length > 0 || !whole.success || secrets.kind === 'invalid')
    return { kind: 'invalid', problems: problems.map((problem) => withVariable(problem, env)) };
  const config = deepFrozen(whole.data);
  return { kind: 'loaded', config, secrets: secrets.secrets, dangers: dangersOf(config) };
}

function parseYaml(
  text: string,
): { readonly kind: 'parsed'; readonly raw: RawConfig } | InvalidConfig {
  const document = parseDocument(text, { prettyErrors: true, stringKeys: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    return {
      kind: 'invalid',
      problems: faults.map(({ linePos, code }) => ({
        path: linePos === undefined ? 'file' : `line ${linePos[0].line}`,
        message: `is not YAML that can be read (${code.toLowerCase().replaceAll('_', ' ')})`,
      })),
    };
  try {
    const value: unknown = document.toJS();
    if (value === null || value === undefined) return { kind: 'parsed', raw: {} };
    if (isMapping(value)) return { kind: 'parsed', raw: value };
  } catch {
    // yaml refuses to expand too many aliases ("billion laughs") by throwing.
    return {
      kind: 'invalid',
      problems: [{ path: 'file', message: 'uses YAML aliases too often' }],
    };
  }
  return { kind: 'invalid', problems: [{ path: 'file', message: 'must be a mapping of options' }] };
}

/** A section whose options are all commented out is `null` in YAML: as good as absent. */
function dropEmptySections(raw: RawConfig): void {
  const paths = optionTable.filter(({ kind }) => kind === 'section').map(({ path }) => path);
  for (const path of paths) {
    const names = path.split('.');
    const name = names.pop() ?? '';
    const parent = names.reduce<unknown>((at, level) => (isMapping(at) ? at[level] : at), raw);
    if (isMapping(parent) && parent[name] === null) Reflect.deleteProperty(parent, name);
  }
}

/** Removes secrets that stand in the file itself, each as a problem. */
function takeInlineSecrets(raw: RawConfig): Problem[] {
  return secretPaths.flatMap((path) => {
    const [sectionName = '', name = ''] = path.split('.');
    const section = raw[sectionName];
    if (!isMapping(section) || !Object.hasOwn(section, name)) return [];
    Reflect.deleteProperty(section, name);
    return [{ path, message: `must not stand in this file: ${whereItGoes(path)}` }];
  });
}

/** Parses each section alone, so that one broken section hides nothing in another. */
function parseSections(raw: RawConfig, problems: Problem[]): PartialConfig {
  const parsed: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(sections)) {
    const result = schema.safeParse(Object.hasOwn(raw, name) ? raw[name] : undefined);
    if (result.success) parsed[name] = result.data;
    else problems.push(...schemaProblems(name, result.error));
  }
  const unknown = Object.keys(raw).filter((name) => !Object.hasOwn(sections, name));
  problems.push(...unknown.map((name) => unknownOption([name])));
  return parsed;
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
    if (typeof value !== 'string' || !(isFile || name === 'directory')) return [];
    const stats = statSync(value, { throwIfNoEntry: false });
    const isThere = isFile ? stats?.isFile() : stats?.isDirectory();
    const what = isFile ? 'file' : 'directory';
    return isThere === true ? [] : [{ path, message: `must name a ${what} that exists` }];
  });
}

/** Names the environment variable that a wrong value came from. */
function withVariable({ path, message }: Problem, env: Environment): Problem {
  const variable = environmentName(path.replace(/\[.*/, ''));
  const isFromThere = variable !== path && env[variable] !== undefined;
  return { path, message: isFromThere ? `${message} (given by ${variable})` : message };
}
