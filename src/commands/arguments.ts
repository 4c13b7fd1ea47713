// Owns reading a subcommand's arguments.
import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';

interface Arguments {
  /** Values of `--name VALUE` by name. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Values of options that may be repeated, by name; empty where none was given. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly flags: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

interface Accepted {
  readonly values?: readonly string[];
  /** Options that may be repeated. */
  readonly lists?: readonly string[];
  readonly flags?: readonly string[];
  /** How many words that belong to no option there may be. */
  readonly positionals?: number;
}

/** Throws UsageError for whatever is not accepted. */
export function readArguments(args: readonly string[], accepted: Accepted): Arguments {
  const { values: names = [], lists = [], flags = [], positionals: most = 0 } = accepted;
  const options: Record<string, Option> = Object.fromEntries([
    ...names.map((name): [string, Option] => [name, { type: 'string' }]),
    ...lists.map((name): [string, Option] => [name, { type: 'string', multiple: true }]),
    ...flags.map((name): [string, Option] => [name, { type: 'boolean' }]),
  ]);
  const { values, positionals } = parsed(args, options);
  const [surplus] = positionals.slice(most);
  if (surplus !== undefined) throw new UsageError(`unexpected argument: ${surplus}`);
  const given = Object.entries(values);
  return {
    values: Object.fromEntries(
      given.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
    lists: Object.fromEntries(lists.map((name) => [name, textsIn(values[name])])),
    flags: new Set(given.filter(([, value]) => value === true).map(([name]) => name)),
    positionals,
  };
}

interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function parsed(
  args: readonly string[],
  options: Record<string, Option>,
): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Node goes on with advice about "--" that helps nobody here.
    throw new UsageError(error.message.split(/\.\s/, 1)[0] ?? error.message);
  }
}

/** The value of an option that the call cannot do without. */
export function requiredValue({ values }: Arguments, name: string, placeholder: string): string {
  const value = values[name];
  if (value === undefined || value === '')
    throw new UsageError(`--${name} ${placeholder} is missing`);
  return value;
}
