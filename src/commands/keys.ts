// Owns `keys`: makes, rotates, lists and prunes the key files that all replicas mount.
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS, MINUTE_MS, parseDurationMs } from '../kernel/duration.ts';
import {
  KEY_USES,
  parseKeyFileName,
  type KeyName,
  type KeyUse,
} from '../identity/tokens/key-name.ts';
import { makeKeyFiles } from '../identity/tokens/key-maker.ts';
import { scheduleOf } from '../identity/tokens/key-schedule.ts';
import { readArguments, requiredValue } from './arguments.ts';
import { UsageError, type Command, type CommandContext, type ExitStatus } from './command.ts';

/** keys.activationDelay and sessionJwt.publishDelay, where the configuration does not say otherwise. */
const DEFAULT_DELAY_MS: Readonly<Record<KeyUse, number>> = {
  cookie: 10 * MINUTE_MS,
  record: 10 * MINUTE_MS,
  signing: 25 * MINUTE_MS,
};
/** Longer than anything that a key made can live: sessions 30d, personal tokens 366d, delays 7d. */
const SAFE_KEEP: Readonly<Record<KeyUse, string>> = {
  cookie: '38d',
  record: '374d',
  signing: '38d',
};

const help = `Usage: kubeflow-auth-gateway keys COMMAND --directory DIR [OPTIONS]

Makes and rotates the keys that all replicas share. DIR holds one file per key, named by what it
is for and when it was made; mount it at every replica and name it in keys.directory.
  cookie    signs session cookies and seals sign-in attempts
  record    seals what stands in Redis: sessions, and tokens that people made
  signing   signs session JWTs (x-kfgw-assertion)

Commands:
  init      make the first keys; refuses when DIR holds keys already
  rotate    make one more key for each use; it takes over when every replica can know it
            (keys.activationDelay, sessionJwt.publishDelay), until then the older one is used
  list      list the keys: which is in use, which takes over when
  prune     remove keys that were replaced long ago

Options:
  --directory DIR   where the key files are
  --only USE        with rotate: only cookie, record or signing
  --keep-for TIME   with prune: remove what was replaced longer ago than this (default ${SAFE_KEEP.cookie},
                    longer than any session lives, and ${SAFE_KEEP.record} for record, longer than any
                    personal token); at least session.absolute and the delays, or people are
                    signed out; for record also tokens.personal.maxLifetime, or their tokens fail
  --help            this text

Exit status: 0 done; 1 it failed; 2 the call is wrong.`;

interface Present extends KeyName {
  readonly fileName: string;
}

interface KeysCall {
  readonly directory: string;
  readonly present: readonly Present[];
  readonly context: CommandContext;
  readonly given: ReturnType<typeof readArguments>;
}

const actions: Readonly<Record<string, (call: KeysCall) => Promise<ExitStatus>>> = {
  init,
  rotate,
  list,
  prune,
};

async function run(context: CommandContext): Promise<ExitStatus> {
  const given = readArguments(context.args, {
    values: ['directory', 'only', 'keep-for'],
    positionals: 1,
  });
  const [name = ''] = given.positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw new UsageError('say one of: keys init, rotate, list, prune');
  const directory = requiredValue(given, 'directory', 'DIR');
  const present = await keysIn(directory);
  if (present === undefined && action !== init)
    throw new UsageError(`${directory} does not exist; "keys init" makes it`);
  return action({ directory, present: present ?? [], context, given });
}

/** Key files newest first; undefined where there is no directory. */
async function keysIn(directory: string): Promise<Present[] | undefined> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  return names
    ?.flatMap((fileName) => {
      const name = parseKeyFileName(fileName);
      return name === undefined ? [] : [{ ...name, fileName }];
    })
    .sort((a, b) => b.createdAtMs - a.createdAtMs || a.fileName.localeCompare(b.fileName));
}

async function init({ directory, present, context }: KeysCall): Promise<ExitStatus> {
  if (present.length > 0)
    throw new UsageError(`${directory} holds keys already; "keys rotate" adds new ones`);
  const made = await make(directory, context, KEY_USES);
  context.terminal.print(
    [
      ...made,
      '',
      'Put them into a Secret, and mount it at every replica as keys.directory:',
      `  kubectl create secret generic kfgw-keys --namespace NAMESPACE --from-file=${directory}`,
      'Whoever has these files can forge sessions and session JWTs: keep them nowhere else.',
    ].join('\n'),
  );
  return 0;
}

async function rotate({ directory, present, context, given }: KeysCall): Promise<ExitStatus> {
  if (present.length === 0)
    throw new UsageError(`${directory} holds no keys; "keys init" makes the first`);
  const { only } = given.values;
  const uses = only === undefined ? KEY_USES : KEY_USES.filter((use) => use === only);
  if (uses.length === 0) throw new UsageError('--only must be cookie, record or signing');
  const made = await make(directory, context, uses);
  context.terminal.print(
    [
      ...made,
      '',
      'Update the Secret; replicas read the new keys without a restart:',
      `  kubectl create secret generic kfgw-keys --namespace NAMESPACE --from-file=${directory} \\`,
      '    --dry-run=client --output=yaml | kubectl apply --filename=-',
      'The new keys take over by themselves: cookie and record keys keys.activationDelay after now',
      '(default 10m), the signing key sessionJwt.publishDelay after now (default 25m).',
      `Older keys are needed until "keys prune" removes them.`,
    ].join('\n'),
  );
  return 0;
}

async function make(directory: string, { clock, random }: CommandContext, uses: readonly KeyUse[]) {
  return makeKeyFiles({ directory, createdAtMs: clock.nowMs() }, random, uses);
}

function list({ directory, present, context }: KeysCall): Promise<ExitStatus> {
  const nowMs = context.clock.nowMs();
  const lines = KEY_USES.flatMap((use) =>
    stateLines(
      present.filter((key) => key.use === use),
      nowMs,
      DEFAULT_DELAY_MS[use],
    ),
  );
  context.terminal.print(
    lines.length === 0
      ? `${directory} holds no keys.`
      : [...lines, '', 'Times are those of the default delays (10m; signing keys 25m).'].join('\n'),
  );
  return Promise.resolve(0);
}

/** Newest first, as scheduleOf has them. */
function stateLines(keys: readonly Present[], nowMs: number, delayMs: number): string[] {
  const schedule = scheduleOf(keys, nowMs, delayMs);
  if (schedule === undefined) return [];
  const { waiting, active, replaced } = schedule;
  return [
    ...waiting.map(
      (key) => `${key.fileName}  takes over at ${timeText(key.createdAtMs + delayMs)}`,
    ),
    `${active.fileName}  in use`,
    ...replaced.map(
      ({ key, replacedAtMs }) => `${key.fileName}  replaced at ${timeText(replacedAtMs)}`,
    ),
  ];
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000', '');
}

async function prune({ directory, present, context, given }: KeysCall): Promise<ExitStatus> {
  const keepFor = given.values['keep-for'];
  const chosenMs = keepFor === undefined ? undefined : keepForMsOf(keepFor);
  const nowMs = context.clock.nowMs();
  const surplus = present.filter((key) => {
    const replacement = replacementOf(key, present);
    const keepForMs = chosenMs ?? keepForMsOf(SAFE_KEEP[key.use]);
    return replacement !== undefined && nowMs - replacement.createdAtMs > keepForMs;
  });
  for (const { fileName } of surplus) await unlink(join(directory, fileName));
  const done = surplus.map(({ fileName }) => `${fileName} removed`);
  const bound = keepFor ?? `${SAFE_KEEP.cookie} (record keys: ${SAFE_KEEP.record})`;
  context.terminal.print(
    done.length === 0
      ? `Nothing to remove: no key was replaced longer ago than ${bound}.`
      : [...done, '', 'Update the Secret as after "keys rotate".'].join('\n'),
  );
  return 0;
}

function keepForMsOf(text: string): number {
  const keepForMs = parseDurationMs(text);
  if (keepForMs === undefined || keepForMs < DAY_MS)
    throw new UsageError('--keep-for must be a duration of at least 1d, such as 38d');
  return keepForMs;
}

/** The key of the same use that was made next. */
function replacementOf(key: Present, present: readonly Present[]): Present | undefined {
  return present.findLast((other) => other.use === key.use && other.createdAtMs > key.createdAtMs);
}

export const keys: Command = { help, run };
