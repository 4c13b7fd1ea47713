#!/usr/bin/env node
// Owns the command line: the only reader of argv, environment and signals.
import { readFileSync } from 'node:fs';
import { UsageError, type Command, type ExitStatus, type Terminal } from './commands/command.ts';
import { systemClock } from './kernel/clock.ts';
import { errorText } from './kernel/logger.ts';
import { systemRandom } from './kernel/random.ts';
import type { Signals } from './serve.ts';

const PROGRAM = 'kubeflow-auth-gateway';
/** As "engines" in package.json. */
const OLDEST_NODE = 24;
/** What still holds the process open so long after the end of a command is not waited for. */
const LAST_CALL_MS = 1_000;
/** Any time does: the timer is there, not what it runs. */
const AWAKE_MS = 60_000;

const help = `Usage: ${PROGRAM} COMMAND [OPTIONS]

An authenticating gateway in front of Kubeflow: signs people in with OpenID Connect, keeps their
sessions, and hands verified identity headers to the applications.

Commands:
  serve --config FILE          run the gateway
  check-config --config FILE   tell all problems of a configuration, and what it means
  keys init|rotate|list|prune  make and rotate the keys that replicas share
  explain SOURCE --user USER   who may do what, and by which binding, role and rule
  login --url URL              sign in at a gateway, for the programs of this machine
  token                        print a short-lived token for a script
  logout                       revoke and forget the login

Options:
  --help      this text; COMMAND --help tells more
  --version   the version

Every option of the configuration can also be given by environment: KFGW_OIDC__CLIENT_ID is
oidc.clientId. docs/configuration.md lists them all.

Exit status: 0 a clean stop; 1 a failure while running; 2 a wrong configuration or call; explain,
login and token also 3, for no.`;

/** Loaded when asked for: "keys" on a laptop loads no server. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand(processSignals()),
  'check-config': async () => (await import('./commands/check-config.ts')).checkConfig,
  keys: async () => (await import('./commands/keys.ts')).keys,
  explain: async () => (await import('./commands/explain.ts')).explain,
  login: async () => (await import('./commands/login.ts')).login,
  token: async () => (await import('./commands/token.ts')).token,
  logout: async () => (await import('./commands/logout.ts')).logout,
};

const terminal: Terminal = {
  print: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
};

async function main([name = '', ...args]: readonly string[]): Promise<ExitStatus> {
  if (['--help', '-h', 'help'].includes(name)) return told(help);
  if (['--version', '-v'].includes(name)) return told(`${PROGRAM} ${version()}`);
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const isOld = Number.parseInt(process.versions.node) < OLDEST_NODE;
  if (load !== undefined && isOld) return tooOld();
  if (load !== undefined) return run(name, await load(), args);
  return misused(name === '' ? 'no command given' : `no such command: ${name}`);
}

async function run(name: string, command: Command, args: readonly string[]): Promise<ExitStatus> {
  if (args.includes('--help') || args.includes('-h')) return told(command.help);
  try {
    const { env } = process;
    return await command.run({ args, env, terminal, clock: systemClock, random: systemRandom });
  } catch (error) {
    if (error instanceof UsageError) return misused(error.message, name);
    // What is no more than an error in general says so in its message.
    const problem = errorText(error).replace(/^Error: /, '');
    terminal.complain(`${PROGRAM} ${name} failed: ${problem}`);
    return 1;
  }
}

function told(text: string): ExitStatus {
  terminal.print(text);
  return 0;
}

function misused(problem: string, command = ''): ExitStatus {
  const hint = [PROGRAM, command, '--help'].filter((word) => word !== '').join(' ');
  terminal.complain(`${PROGRAM}: ${problem}\nTry "${hint}".`);
  return 2;
}

/** Before a command is loaded: what it imports may fail there, in words that help nobody. */
function tooOld(): ExitStatus {
  const { node } = process.versions;
  terminal.complain(`${PROGRAM} needs Node ${OLDEST_NODE} or newer, and this is ${node}.`);
  return 2;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** Listens at once: a signal during the start must not end the process as the system would. */
function processSignals(): Signals {
  let reload = (): void => undefined;
  process.on('SIGHUP', () => {
    reload();
  });
  return {
    /** Only the first one is awaited: a second one ends the process as the system does. */
    stop: new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, resolve);
    }),
    onReload(run) {
      reload = run;
    },
  };
}

// A command that only waits, such as for an API server that does not answer, must not end as Node would
// end it: the clock's timers keep nothing open.
const awake = setInterval(() => undefined, AWAKE_MS);
process.exitCode = await main(process.argv.slice(2));
clearInterval(awake);
setTimeout(() => process.exit(), LAST_CALL_MS).unref();
