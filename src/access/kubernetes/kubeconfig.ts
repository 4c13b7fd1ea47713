// Owns the reading of a kubeconfig file: which API server, and who the gateway is to it.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.ts';
import { Misconfigured } from '../../kernel/misconfigured.ts';
import { Secret } from '../../kernel/secret.ts';
import { ApiCredentials, type TextSource } from './api-credentials.ts';
import { RereadFile } from './reread-file.ts';

/** The file cannot be used; the message says what to change, and never repeats a value. @internal */
export class KubeconfigProblem extends Misconfigured {
  override readonly name = 'KubeconfigProblem';
}

const text = z.string().min(1).optional();

const cluster = z.object({
  server: z.url(),
  'tls-server-name': text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().optional(),
  'proxy-url': text,
});

const user = z.object({
  token: text,
  tokenFile: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
});

/** Ways to sign in that need a program, a plugin, or a right of their own. */
const refusedUserFields = ['exec', 'auth-provider', 'username', 'password', 'as', 'as-groups'];

const kubeconfig = z.object({
  'current-context': z.string().min(1),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(z.object({ name: z.string(), cluster: z.unknown() })),
  users: z.array(z.object({ name: z.string(), user: z.unknown() })),
});

type Cluster = z.infer<typeof cluster>;

/**
 * The credentials of the file's current context
 * (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). Throws KubeconfigProblem.
 */
export function kubeconfigCredentials(path: string, clock: Clock): ApiCredentials {
  const config = shaped(kubeconfig, parsedFile(path), 'the file');
  const current = config['current-context'];
  const { context } = named(config.contexts, current, 'context');
  const chosen = shaped(cluster, named(config.clusters, context.cluster, 'cluster').cluster);
  const who = readUser(named(config.users, context.user, 'user').user);
  const source = sourcesBeside(path, clock);
  return new ApiCredentials({
    server: permittedServer(chosen),
    serverName: chosen['tls-server-name'],
    ca: source(chosen['certificate-authority'], chosen['certificate-authority-data']),
    token: who.token === undefined ? source(who.tokenFile, undefined) : new Secret(who.token),
    clientCertificate: source(who['client-certificate'], who['client-certificate-data']),
    clientKey: source(who['client-key'], who['client-key-data']),
  });
}

function parsedFile(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // A parser's message quotes the line, which may hold a token.
    const code = (error as { code?: unknown }).code;
    throw new KubeconfigProblem(
      `the kubeconfig cannot be read: ${typeof code === 'string' ? code : 'not YAML'}`,
    );
  }
}

function shaped<T>(schema: z.ZodType<T>, value: unknown, what = 'the current context'): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new KubeconfigProblem(
    `the kubeconfig is not well-formed: ${where === '' ? what : where} is missing or of a wrong type`,
  );
}

function named<T extends { readonly name: string }>(
  items: readonly T[],
  name: string,
  kind: string,
): T {
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  throw new KubeconfigProblem(`the kubeconfig has no ${kind} of the name that is asked for`);
}

function readUser(value: unknown): z.infer<typeof user> {
  const fields = shaped(z.record(z.string(), z.unknown()), value);
  const refused = refusedUserFields.find((field) => field in fields);
  if (refused !== undefined) {
    throw new KubeconfigProblem(
      `the kubeconfig's user signs in by ${refused}, which is not supported: use a token, a tokenFile or a client certificate`,
    );
  }
  return shaped(user, fields);
}

/** Without TLS anybody in between could hand out rights: over http only this machine is asked. */
function permittedServer(chosen: Cluster): URL {
  if (chosen['insecure-skip-tls-verify'] === true) {
    throw new KubeconfigProblem(
      'the kubeconfig switches off certificate checks, which is not supported: name the certificate-authority',
    );
  }
  if (chosen['proxy-url'] !== undefined) {
    throw new KubeconfigProblem('the kubeconfig names a proxy-url, which is not supported');
  }
  const server = new URL(chosen.server);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(server.hostname);
  if (server.protocol === 'https:' || (server.protocol === 'http:' && isHere)) return server;
  throw new KubeconfigProblem(
    "the kubeconfig's server is not https: http is for this machine only",
  );
}

/** Data in the file win over a file's name, as they do for kubectl. */
function sourcesBeside(path: string, clock: Clock) {
  return (file: string | undefined, data: string | undefined): TextSource | undefined => {
    if (data !== undefined) return new Secret(Buffer.from(data, 'base64').toString('utf8'));
    return file === undefined ? undefined : new RereadFile(resolve(dirname(path), file), clock);
  };
}
