// Owns parsing: YAML and environment in, one frozen configuration or all its problems out.
import { parseDocument } from 'yaml';
import { deepFrozen } from './deep-frozen.ts';
import { applyEnvironment, isMapping, type Environment, type RawConfig } from './environment.ts';
import { environmentName } from './environment-name.ts';
import { optionTable } from './option-table.ts';
import { schemaProblems, unknownOption, type Problem } from './problem.ts';
import type { PartialConfig } from './rule.ts';
import { contradictions } from './rules.ts';
import { configSchema, sections, type Config } from './schema.ts';
import { secretPaths, whereItGoes } from './secrets.ts';

export interface ConfigSource {
  readonly yamlText: string;
  readonly env: Environment;
}

export interface ParsedConfig {
  /** Undefined exactly when there are problems. */
  readonly config: Config | undefined;
  readonly problems: readonly Problem[];
  /** Sections that are well-formed. */
  readonly partial: PartialConfig;
  /** Everything as it was written; undefined when the file is not YAML at all. */
  readonly raw: RawConfig | undefined;
}

/**
 * Everything that can be said about a configuration without looking at the files that it names.
 * Never throws.
 */
export function parseConfig({ yamlText, env }: ConfigSource): ParsedConfig {
  const document = parseYaml(yamlText);
  if (document.kind === 'invalid')
    return { config: undefined, problems: document.problems, partial: {}, raw: undefined };
  const { raw } = document;
  dropEmptySections(raw);
  const problems = [...takeInlineSecrets(raw), ...applyEnvironment(raw, env)];
  const partial = parseSections(raw, problems);
  problems.push(...contradictions(partial));
  const whole = configSchema.safeParse(raw);
  return {
    config: whole.success && problems.length === 0 ? deepFrozen(whole.data) : undefined,
    problems: problems.map((problem) => withVariable(problem, env)),
    partial,
    raw,
  };
}

type ParsedYaml =
  | { readonly kind: 'parsed'; readonly raw: RawConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

function parseYaml(text: string): ParsedYaml {
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

/** Names the environment variable that a wrong value came from. */
function withVariable({ path, message }: Problem, env: Environment): Problem {
  const variable = environmentName(path.replace(/\[.*/, ''));
  const isFromThere = variable !== path && env[variable] !== undefined;
  return { path, message: isFromThere ? `${message} (given by ${variable})` : message };
}
