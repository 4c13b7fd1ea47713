// Owns which gateway a command of a signed-in person is about, and where its login is kept.
import { CredentialsFile, credentialsPath } from '../cli/credentials-file.ts';
import { readGatewayAddress } from '../cli/gateway-address.ts';
import { UsageError, type CommandContext } from './command.ts';

export interface ChosenGateway {
  readonly origin: string;
  readonly isPlain: boolean;
}

/** The file of whoever runs the command; nothing is read yet. */
export function credentialsOf({ env, clock, random }: CommandContext): CredentialsFile {
  return new CredentialsFile(credentialsPath(env), { clock, random });
}

/** Throws UsageError. */
export function namedGateway(url: string): ChosenGateway {
  const read = readGatewayAddress(url);
  if (read.kind === 'refused') throw new UsageError(`--url ${read.problem}`);
  return read;
}

/** Without a URL it is the only one where somebody is signed in; undefined where there is none. */
export async function chosenGateway(
  url: string | undefined,
  file: CredentialsFile,
): Promise<ChosenGateway | undefined> {
  if (url !== undefined) return namedGateway(url);
  const [origin, ...others] = (await file.read()).keys();
  if (others.length === 0) return origin === undefined ? undefined : namedGateway(origin);
  const all = [origin, ...others].map((each) => `\n  --url ${each ?? ''}`).join('');
  throw new UsageError(`you are signed in at several gateways; say which one:${all}`);
}
