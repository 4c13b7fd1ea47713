// Owns `logout`: ends a login at the gateway and forgets it here.
import { tokenRevocation } from 'openid-client';
import { findAuthorizationServer } from '../cli/authorization-server.ts';
import type { CredentialsFile, StoredLogin } from '../cli/credentials-file.ts';
import type { Clock } from '../kernel/clock.ts';
import { readArguments } from './arguments.ts';
import { chosenGateway, credentialsOf, type ChosenGateway } from './chosen-gateway.ts';
import type { Command, CommandContext, ExitStatus } from './command.ts';
import { tellFault } from './gateway-fault.ts';

const help = `Usage: kubeflow-auth-gateway logout [--url URL]

Revokes your login at the gateway, with every token that it gave, and forgets it on this machine.
It is forgotten here even when the gateway cannot be asked; then end it at URL/oauth2/tokens.

Options:
  --url URL   the gateway, where you are signed in at several
  --help      this text

Exit status: 0 you are signed out, or were not signed in; 1 it is forgotten here but not revoked;
2 the call is wrong.`;

async function run(context: CommandContext): Promise<ExitStatus> {
  const { values } = readArguments(context.args, { values: ['url'] });
  const { terminal, clock } = context;
  const file = credentialsOf(context);
  const gateway = await chosenGateway(values['url'], file);
  const login = gateway === undefined ? undefined : await forget(gateway.origin, file);
  if (gateway === undefined || login === undefined) {
    terminal.print('You were not signed in.');
    return 0;
  }
  const { origin } = gateway;
  try {
    await revoke(login, gateway, clock);
  } catch (error) {
    tellFault(error, origin, terminal);
    terminal.complain(
      `Your login is forgotten here, and goes on there: end it at ${origin}/oauth2/tokens.`,
    );
    return 1;
  }
  terminal.print(`You are signed out at ${origin}.`);
  return 0;
}

/** The login that was there. */
function forget(origin: string, file: CredentialsFile): Promise<StoredLogin | undefined> {
  return file.update((logins) => {
    const others = new Map(logins);
    const isThere = others.delete(origin);
    return Promise.resolve({ logins: isThere ? others : logins, result: logins.get(origin) });
  });
}

/** Access tokens end with their refresh token (RFC 7009 section 2.1). */
async function revoke(
  { refreshToken, caFile }: StoredLogin,
  gateway: ChosenGateway,
  clock: Clock,
): Promise<void> {
  const server = await findAuthorizationServer({ ...gateway, caFile }, clock);
  await tokenRevocation(server, refreshToken, { token_type_hint: 'refresh_token' });
}

export const logout: Command = { help, run };
