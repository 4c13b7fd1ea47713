// Owns `check-config`: tells all problems of a configuration, or what it means.
import { configuredCatalogue } from '../access/catalogue/configured-catalogue.ts';
import { dangersOf } from '../config/dangers.ts';
import { loadConfig } from '../config/load-config.ts';
import { notesOf } from '../config/notes.ts';
import { parseConfig } from '../config/parse-config.ts';
import type { Problem } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { readKeyFiles } from '../identity/tokens/key-files.ts';
import { readArguments, requiredValue } from './arguments.ts';
import type { Command, CommandContext, ExitStatus } from './command.ts';
import { problemsText, readConfigText } from './config-file.ts';

const help = `Usage: kubeflow-auth-gateway check-config --config FILE [--without-files]

Tells every problem of the configuration in FILE and in KFGW_ environment variables, or, when
there is none, which dangerous settings are on and what else it means. Starts nothing.

Options:
  --config FILE     the configuration, as "serve" takes it
  --without-files   do not look at the files, keys, routes and secrets that it names, which may
                    exist only where the gateway runs
  --help            this text

Exit status: 0 it can be used; 2 it cannot, or the call is wrong.`;

async function run({ args, env, terminal }: CommandContext): Promise<ExitStatus> {
  const given = readArguments(args, { values: ['config'], flags: ['without-files'] });
  const path = requiredValue(given, 'config', 'FILE');
  const source = { yamlText: readConfigText(path), env };
  const checked = given.flags.has('without-files')
    ? { ...parseConfig(source), remarks: [] }
    : await withFiles(loadConfig(source));
  if (checked.config === undefined) {
    terminal.complain(problemsText(path, checked.problems));
    return 2;
  }
  const remarks = [...remarksOn(checked.config), ...listed('Routes', checked.remarks)];
  terminal.print([`${path} can be used.`, ...remarks].join('\n'));
  return 0;
}

interface Checked {
  readonly config: Config | undefined;
  readonly problems: readonly Problem[];
  /** What somebody should look at in the files, though it is no fault. */
  readonly remarks: readonly string[];
}

async function withFiles(loaded: ReturnType<typeof loadConfig>): Promise<Checked> {
  if (loaded.kind === 'invalid')
    return { config: undefined, problems: loaded.problems, remarks: [] };
  const { config } = loaded;
  const catalogue = configuredCatalogue(config);
  const routeProblems = catalogue.kind === 'invalid' ? catalogue.problems : [];
  const remarks = catalogue.kind === 'loaded' ? catalogue.warnings : [];
  const problems = [
    ...(await keyProblems(config)),
    ...routeProblems.map((message) => ({ path: 'access', message })),
  ];
  return { config: problems.length === 0 ? config : undefined, problems, remarks };
}

async function keyProblems({ keys: { directory } }: Config): Promise<Problem[]> {
  const read = directory === undefined ? undefined : await readKeyFiles(directory);
  if (read?.kind !== 'invalid') return [];
  return read.problems.map((message) => ({ path: 'keys.directory', message }));
}

function remarksOn(config: Config): string[] {
  const dangers = dangersOf(config).map(({ path, message }) => `${path}: ${message}`);
  return [...listed('Dangerous settings', dangers), ...listed('Notes', notesOf(config))];
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  - ${line}`)];
}

export const checkConfig: Command = { help, run };
