// Owns `login`: a person signs in at a gateway once, and programs on this machine get tokens from then on.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { tokenRevocation, type Configuration } from 'openid-client';
import { findAuthorizationServer } from '../cli/authorization-server.ts';
import { loginInBrowser } from '../cli/browser-login.ts';
import type { CredentialsFile, StoredLogin } from '../cli/credentials-file.ts';
import { loginOnDevice } from '../cli/device-login.ts';
import type { LoginTokens } from '../cli/login-answer.ts';
import { openBrowser } from '../cli/open-browser.ts';
import { serverFault } from '../cli/server-fault.ts';
import { signedInUser } from '../cli/signed-in-user.ts';
import { parseTokenScope } from '../identity/bearer/token-scope.ts';
import {
  LOGIN_LIFETIME_PARAMETER,
  LOGIN_NAME_PARAMETER,
} from '../identity/oauth/command-line-client.ts';
import { MINUTE_MS, parseDurationMs, SECOND_MS } from '../kernel/duration.ts';
import { readArguments, requiredValue } from './arguments.ts';
import { credentialsOf, namedGateway, type ChosenGateway } from './chosen-gateway.ts';
import { UsageError, type Command, type CommandContext, type ExitStatus } from './command.ts';
import { tellFault } from './gateway-fault.ts';

const help = `Usage: kubeflow-auth-gateway login --url URL [OPTIONS]

Signs you in at a gateway through your browser, and keeps the login on this machine, readable by you
only, in \${XDG_CONFIG_HOME:-~/.config}/kubeflow-auth-gateway/credentials.json. From then on
"kubeflow-auth-gateway token" prints short-lived tokens for scripts. A login at the same gateway
replaces the one before.

Options:
  --url URL        the gateway, such as https://kubeflow.example.com
  --device         for a machine without a browser: shows a code to type in a browser elsewhere
  --scope SCOPE    what the tokens may do, never more than you may (default: write): names separated
                   by spaces of write, read (also where neither is named), class:CLASS,
                   namespace:NAMESPACE, pipelines:all-my-namespaces; docs/tokens.md explains them
  --name NAME      what the login is called at URL/oauth2/tokens (default: the name of this machine)
  --expires TIME   how long the login lives, such as 12h or 7d (default: 30d, or what the gateway allows)
  --ca-file FILE   PEM file of authorities for the gateway's certificate, besides the public ones
  --no-browser     print the address instead of opening it; the browser must be on this machine
  --help           this text

Exit status: 0 you are signed in; 1 it failed; 2 the call is wrong; 3 you declined.`;

interface LoginCall {
  readonly gateway: ChosenGateway;
  readonly caFile: string | undefined;
  readonly wish: Readonly<Record<string, string>>;
  readonly flags: ReadonlySet<string>;
  readonly context: CommandContext;
}

async function run(context: CommandContext): Promise<ExitStatus> {
  const call = await readCall(context);
  const { origin } = call.gateway;
  const file = credentialsOf(context);
  // Before the person does anything: afterwards it would be a login that nobody has.
  await file.update((logins) => Promise.resolve({ logins, result: undefined }));
  try {
    const address = { ...call.gateway, caFile: call.caFile };
    const server = await findAuthorizationServer(address, context.clock);
    const ask = call.flags.has('device') ? onDevice : inBrowser;
    const tokens = await ask(server, call);
    const replaced = await keep(file, origin, { ...tokens, caFile: call.caFile });
    if (replaced !== undefined) await endQuietly(server, replaced);
    const user = await signedInUser(server, tokens.accessToken);
    const as = user === undefined ? '' : ` as ${user}`;
    context.terminal.print(
      `You are signed in at ${origin}${as}. For a token: kubeflow-auth-gateway token`,
    );
    return 0;
  } catch (error) {
    return tellFault(error, origin, context.terminal);
  }
}

async function readCall(context: CommandContext): Promise<LoginCall> {
  const given = readArguments(context.args, {
    values: ['url', 'scope', 'name', 'expires', 'ca-file'],
    flags: ['device', 'no-browser'],
  });
  const { values, flags } = given;
  return {
    gateway: namedGateway(requiredValue(given, 'url', 'URL')),
    caFile: await fileOfAuthorities(values['ca-file']),
    wish: readWish(values),
    flags,
    context,
  };
}

function readWish(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { scope, expires, name = hostname() } = values;
  if (scope !== undefined && !isScope(scope)) {
    throw new UsageError(
      '--scope must be names separated by spaces, of read, write, class:CLASS, namespace:NAMESPACE ' +
        'and pipelines:all-my-namespaces',
    );
  }
  const lifetimeMs = expires === undefined ? undefined : parseDurationMs(expires);
  if (expires !== undefined && (lifetimeMs === undefined || lifetimeMs < MINUTE_MS)) {
    throw new UsageError('--expires must be a duration of at least 1m, such as 12h or 7d');
  }
  return {
    ...(scope !== undefined && { scope }),
    ...(lifetimeMs !== undefined && {
      [LOGIN_LIFETIME_PARAMETER]: String(Math.floor(lifetimeMs / SECOND_MS)),
    }),
    [LOGIN_NAME_PARAMETER]: name,
  };
}

/**
 * An empty parameter counts as none (RFC 6749 section 3.1), and none as everything: no script that forgot
 * to set a variable may get that.
 */
function isScope(text: string): boolean {
  return text.trim() !== '' && parseTokenScope(text) !== undefined;
}

/** Absolute, because later commands may run elsewhere. */
async function fileOfAuthorities(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const absolute = resolve(path);
  const text = await readFile(absolute, 'latin1').catch(() => {
    throw new UsageError(`--ca-file ${absolute} cannot be read`);
  });
  // Node takes such a file without a word, and then trusts as if there were none.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new UsageError(`--ca-file ${absolute} holds no certificate in PEM`);
  return absolute;
}

function inBrowser(
  server: Configuration,
  { wish, flags, context }: LoginCall,
): Promise<LoginTokens> {
  const { clock, random, terminal, env } = context;
  const lead = async (url: string): Promise<void> => {
    const isOpened = !flags.has('no-browser') && (await openBrowser(url, env));
    const what = isOpened
      ? 'Sign in in the browser that opens. If none does, open this address on this machine'
      : 'Open this address in a browser on this machine (elsewhere, use --device)';
    terminal.print(`${what}:\n\n  ${url}\n`);
  };
  return loginInBrowser(server, { clock, random, wish, lead });
}

function onDevice(server: Configuration, { wish, context }: LoginCall): Promise<LoginTokens> {
  const { clock, terminal } = context;
  const tell = (place: string, userCode: string, expiresInSec: number): void => {
    const minutes = Math.floor((expiresInSec * SECOND_MS) / MINUTE_MS);
    terminal.print(
      `In a browser on any machine go to\n\n  ${place}\n\nand enter the code\n\n  ${userCode}\n\n` +
        `within ${minutes} minutes. Never enter a code that somebody else sent you.`,
    );
  };
  return loginOnDevice(server, { clock, wish, tell });
}

/** Returns the login that was there before. */
function keep(
  file: CredentialsFile,
  origin: string,
  login: StoredLogin,
): Promise<StoredLogin | undefined> {
  return file.update((logins) =>
    Promise.resolve({ logins: new Map(logins).set(origin, login), result: logins.get(origin) }),
  );
}

/** The old login would live on for nobody. It may have ended, or be ended later at the gateway's page. */
async function endQuietly(server: Configuration, { refreshToken }: StoredLogin): Promise<void> {
  try {
    await tokenRevocation(server, refreshToken);
  } catch (error) {
    serverFault(error);
  }
}

export const login: Command = { help, run };
