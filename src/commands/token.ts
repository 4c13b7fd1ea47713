// Owns `token`: prints an access token for scripts, a new one when the last one is about to end.
import { freshToken } from '../cli/fresh-token.ts';
import { readArguments } from './arguments.ts';
import { chosenGateway, credentialsOf } from './chosen-gateway.ts';
import type { Command, CommandContext, ExitStatus } from './command.ts';
import { tellFault } from './gateway-fault.ts';

const help = `Usage: kubeflow-auth-gateway token [--url URL]

Prints a token that lives for some minutes, at least one, and is got anew when it must be:
  curl --header "Authorization: Bearer $(kubeflow-auth-gateway token)" https://kubeflow.example.com/…

Options:
  --url URL   the gateway, where you are signed in at several
  --help      this text

Exit status: 0 it is printed; 1 the gateway could not be asked; 2 the call is wrong; 3 you are not
signed in, or not any more.`;

async function run(context: CommandContext): Promise<ExitStatus> {
  const { values } = readArguments(context.args, { values: ['url'] });
  const { clock, terminal } = context;
  const file = credentialsOf(context);
  const gateway = await chosenGateway(values['url'], file);
  if (gateway === undefined) {
    terminal.complain(`You are not signed in. ${signIn('URL')}`);
    return 3;
  }
  const { origin } = gateway;
  try {
    const fresh = await freshToken(gateway, file, clock);
    if (fresh.kind === 'fresh') {
      terminal.print(fresh.accessToken);
      return 0;
    }
    const what = fresh.kind === 'none' ? 'You are not signed in' : 'Your login has ended';
    terminal.complain(`${what} at ${origin}. ${signIn(origin)}`);
    return 3;
  } catch (error) {
    return tellFault(error, origin, terminal);
  }
}

function signIn(url: string): string {
  return `Sign in: kubeflow-auth-gateway login --url ${url}`;
}

export const token: Command = { help, run };
