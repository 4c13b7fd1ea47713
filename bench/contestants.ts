// Starts both proxies in front of the same application, signed in at the same Dex, each on core 0 and
// each writing its request log to a file.
import { OPEN_POLICY } from '../test/fixtures/open-policy.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { NODE_FLAGS, PROGRAM } from '../test/fixtures/image.ts';
import { startDex, type Dex } from '../test/neighbours/dex.ts';
import { startOauth2Proxy } from '../test/neighbours/oauth2-proxy.ts';
import { pollUntil } from '../test/neighbours/poll-until.ts';
import { CookieJar, signInByForm } from '../test/neighbours/sign-in-form.ts';

/** The proxies share one core, the load generator and the application have the other. */
const PROXY_CORE = '0';
export const OTHER_CORE = '1';

const CLIENT = { id: 'kubeflow-oidc-authservice', secret: 'bench-secret' };
const NO_COOKIE = 'Cookie: ';
const PERSON = { login: 'user@example.com', password: '12341234' };

export interface Contestant {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** The header by which it knows a person who has signed in. */
  readonly credential: string;
}

/** A child process that is ended by `stop`. */
export interface Child {
  readonly pid: number;
  stop(): Promise<void>;
}

export function startChild(command: readonly string[], logFile: string, core: string): Child {
  const log = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'taskset', '-c', core, ...command], {
    stdio: ['ignore', log, log],
  });
  return { pid: pidOf(child), stop: () => stopChild(child) };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('a process did not start');
  return child.pid;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Dex with a client for two redirect addresses, which also gives tokens for a password. */
export function startBenchDex(ports: readonly number[]): Promise<Dex> {
  const redirectURIs = ports.map((port) => `http://127.0.0.1:${port}/oauth2/callback`);
  const clients = [{ ...CLIENT, name: 'bench', redirectURIs }];
  return startDex({ clients, passwordConnector: 'local' });
}

/** The header with an ID token of the person for the client of both proxies. */
export async function idTokenHeader(dex: Dex): Promise<string> {
  const answer = await fetch(`${dex.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
    body: new URLSearchParams({
      ...{ grant_type: 'password', username: PERSON.login, password: PERSON.password },
      scope: 'openid email profile groups',
    }),
  });
  const { id_token: token } = z.object({ id_token: z.string() }).parse(await answer.json());
  return `Authorization: Bearer ${token}`;
}

export async function startRival(
  dex: Dex,
  port: number,
  upstream: string,
  args: readonly string[] = [],
): Promise<Contestant & Child> {
  const rival = await startOauth2Proxy({
    port,
    issuer: dex.issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    upstream,
    args,
    env: { GOMAXPROCS: '1' },
  });
  const { pid } = rival.process;
  await once(spawn('taskset', ['-a', '-p', '-c', PROXY_CORE, String(pid)]), 'exit');
  const credential = await signIn(rival.url);
  return { name: 'oauth2-proxy 7.15.2', url: rival.url, pid, credential, stop: () => rival.stop() };
}

export async function startGateway(
  dex: Dex,
  ports: { readonly public: number; readonly admin: number },
  upstream: string,
  directory: string,
): Promise<Contestant & Child> {
  const url = `http://127.0.0.1:${ports.public}`;
  const configFile = join(directory, 'gateway.yaml');
  const secret = join(directory, 'client-secret');
  writeFileSync(secret, CLIENT.secret);
  writeFileSync(configFile, JSON.stringify(gatewayConfig(dex, ports, upstream, secret)));
  const child = startChild(
    [process.execPath, ...NODE_FLAGS, PROGRAM, 'serve', '--config', configFile],
    join(directory, 'gateway.log'),
    PROXY_CORE,
  );
  await pollUntil('the gateway to be ready', () => isOk(`http://127.0.0.1:${ports.admin}/readyz`), {
    withinMs: 60_000,
  });
  await pollUntil('a sign-in at the gateway', async () => (await signIn(url)) !== NO_COOKIE);
  return { name: 'kubeflow-auth-gateway', url, credential: await signIn(url), ...child };
}

function gatewayConfig(
  dex: Dex,
  ports: { readonly public: number; readonly admin: number },
  upstream: string,
  clientSecretFile: string,
): object {
  const host = '127.0.0.1';
  return {
    listeners: {
      public: { host, port: ports.public },
      admin: { host, port: ports.admin },
      local: { port: 0 },
    },
    publicOrigins: [`http://${host}:${ports.public}`],
    cookies: { insecureWithoutSecure: true },
    oidc: {
      issuer: dex.issuer,
      insecureIssuerOverHttp: true,
      clientSecretFile,
      redirectUri: `http://${host}:${ports.public}/oauth2/callback`,
    },
    limits: { loginPerMinute: 1_000_000 },
    rbac: { source: 'manifests', manifestsDirectory: OPEN_POLICY },
    upstreams: [{ prefix: '/', url: upstream }],
  };
}

async function isOk(url: string): Promise<boolean> {
  return (await fetch(url)).ok;
}

async function signIn(url: string): Promise<string> {
  const jar = new CookieJar();
  await signInByForm(`${url}/small`, PERSON, { jar });
  return NO_COOKIE + jar.header(new URL(url));
}
