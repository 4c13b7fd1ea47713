// Owns reading a subcommand's arguments.
import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';

interface Arguments {
  /** Values of `--name VALUE` by name. */
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly flags: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

interface Accepted {
  readonly values?: readonly string[];
  readonly flags?: readonly string[];
  /** How many words that belong to no option there may be. */
  readonly positionals?: number;
}

/** Throws UsageError for whatever is not accepted. */
export function readArguments(args: readonly string[], accepted: Accepted): Arguments {
  const { values: names = [], flags = [], positionals: most = 0 } = accepted;
  const options = Object.fromEntries([
    ...names.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]) as Record<string, { type: 'string' | 'boolean' }>;
  const { values, positionals } = parsed(args, options);
  const [surplus] = positionals.slice(most);
  if (surplus !== undefined) throw new UsageError(`unexpected argument: ${surplus}`);
  const given = Object.entries(values);
  return {
    values: Object.fromEntries(
      given.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
    flags: new Set(given.filter(([, value]) => value === true).map(([name]) => name)),
    positionals,
  };
}

function parsed(
  args: readonly string[],
  options: Record<string, { type: 'string' | 'boolean' }>,
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
