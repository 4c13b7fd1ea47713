// Owns options given by environment: KFGW_A__B_C stands for a.bC and wins over the file.
import { ENVIRONMENT_PREFIX } from './environment-name.ts';
import { nearest } from './nearest.ts';
import { optionTable, type Option } from './option-table.ts';
import type { Problem } from './problem.ts';
import { secretEnvironmentNames } from './secrets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
/** What YAML and environment hold before the schema has seen it. */
export type RawConfig = Record<string, unknown>;

const optionByName: ReadonlyMap<string, Option> = new Map(
  optionTable.flatMap((option) =>
    option.environment === undefined ? [] : [[option.environment, option] as const],
  ),
);

/**
 * Writes the options of the environment into `raw`, sections before what stands in them, and
 * returns the problems. Lists and sections are JSON. Secrets are read by secrets.ts.
 */
export function applyEnvironment(raw: RawConfig, env: Environment): Problem[] {
  const names = Object.keys(env).filter(
    (name) => name.startsWith(ENVIRONMENT_PREFIX) && env[name] !== undefined,
  );
  return names
    .filter((name) => !secretEnvironmentNames.includes(name))
    .sort((a, b) => a.split('__').length - b.split('__').length)
    .flatMap((name) => applyVariable(raw, name, env[name] ?? ''));
}

function applyVariable(raw: RawConfig, name: string, value: string): Problem[] {
  const option = optionByName.get(name);
  if (option === undefined) return [unknownVariable(name)];
  const parsed = option.isText ? { value } : parseJson(value);
  if (parsed === undefined) return [{ path: name, message: `must be ${jsonForm(option)}` }];
  return setAt(raw, option.path.split('.'), parsed.value)
    ? []
    : [{ path: name, message: 'cannot be set: the file has no mapping of options there' }];
}

function jsonForm({ kind }: Option): string {
  if (kind.startsWith('list')) return 'a list in JSON, such as ["a", "b"]';
  if (kind === 'section') return 'a mapping in JSON, such as {"option": "value"}';
  return kind === 'boolean' ? 'true or false' : `a ${kind}`;
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Sets `value` at `path`, making sections on the way; false where something else is in the way. */
function setAt(raw: RawConfig, path: readonly string[], value: unknown): boolean {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    raw[name] = value;
    return true;
  }
  raw[name] ??= {};
  const below = raw[name];
  return isMapping(below) && setAt(below, rest, value);
}

/** True for what YAML and JSON mappings become. */
export function isMapping(value: unknown): value is RawConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownVariable(name: string): Problem {
  const guess = nearest(name, [...optionByName.keys(), ...secretEnvironmentNames]);
  if (/^KFGW_(PORT|SERVICE|\w+_(PORT|SERVICE))(_|$)/.test(name) && guess === undefined)
    return {
      path: name,
      message:
        'is not an option; Kubernetes sets it for a Service whose name begins with kfgw. Set enableServiceLinks: false in the pod.',
    };
  const hint =
    guess === undefined ? 'docs/configuration.md lists all names.' : `Did you mean ${guess}?`;
  return { path: name, message: `is not an option. ${hint}` };
}
