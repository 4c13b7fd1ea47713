// Owns starting a real kube-apiserver with an etcd of its own, and RBAC as its only authorizer.
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt } from './catalogue.ts';
import { makeCertificate, type Certificate } from './certificate.ts';
import { startEtcd, type Etcd } from './etcd.ts';
import { freePort } from './free-port.ts';
import { KubeClient, type KubeAccess } from './kube-client.ts';
import { startKubeControllerManager } from './kube-controller-manager.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';

/** Six seconds alone on two cores. */
const READY_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 20_000;

/** Somebody with a token of their own. */
export interface KubeUser {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface KubeApiServerOptions {
  readonly port?: number;
  /** Also runs the controller that fills aggregated ClusterRoles. */
  readonly aggregation?: boolean;
  /** Also runs the controller that writes tokens without an end into Secrets that ask for one. */
  readonly secretTokens?: boolean;
  /** Users besides the administrator; they may do what RBAC lets them. */
  readonly users?: readonly KubeUser[];
  /** Further flags of kube-apiserver. */
  readonly args?: readonly string[];
}

/** A running API server. */
export interface KubeApiServer extends AsyncDisposable {
  readonly port: number;
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** How the administrator (`system:masters`, for whom RBAC is not asked) or one of `users` comes in. */
  access(user?: string): KubeAccess;
  /** A client of the administrator. */
  readonly client: KubeClient;
  /** A kubeconfig file of the administrator, or of one of `users`. */
  kubeconfig(user?: string): string;
  /** What it signs the tokens of service accounts with. */
  readonly tokenKey: TokenKey;
  readonly process: NeighbourProcess;
  readonly etcd: Etcd;
  /** Ends it as signalled, its etcd too where data are lost, and starts it again on the same port. */
  restart(data: 'kept' | 'lost', signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  stop(): Promise<void>;
}

export interface TokenKey {
  readonly privateKey: KeyObject;
  /** The same in PEM. */
  readonly file: string;
}

/** Starts etcd and kube-apiserver on 127.0.0.1, and waits until its own roles are written. */
export async function startKubeApiServer(
  options: KubeApiServerOptions = {},
): Promise<KubeApiServer> {
  const etcd = await startEtcd();
  try {
    const server = await start(etcd, options);
    const wanted = (['aggregation', 'secretTokens'] as const).filter((name) => options[name]);
    return wanted.length > 0 ? await withControllers(server, wanted) : server;
  } catch (error) {
    await etcd.stop();
    throw error;
  }
}

async function start(etcd: Etcd, options: KubeApiServerOptions): Promise<KubeApiServer> {
  const program = await ensureBuilt('kube-apiserver-1.36.3');
  const port = options.port ?? (await freePort());
  const url = `https://127.0.0.1:${port}`;
  return startInScratchDirectory('kube-apiserver', async (directory) => {
    const certificate = await makeCertificate(directory);
    const tokenKey = await writeTokenKey(directory);
    const people = await writePeople(directory, { url, ca: certificate.cert }, options.users ?? []);
    const client = new KubeClient(people.access());
    const process = await NeighbourProcess.start({
      name: `kube-apiserver on ${port}`,
      command: program,
      args: [...flags(directory, etcd, port, certificate), ...(options.args ?? [])],
      directory,
      port,
      isReady: async () => (await client.ask('GET', '/readyz')).status === 200,
      readyWithinMs: READY_WITHIN_MS,
      stopWithinMs: STOP_WITHIN_MS,
    });
    const stop = async (): Promise<void> => {
      client.close();
      await process.stop();
      await etcd.stop();
    };
    return {
      ...{ port, url, client, tokenKey, process, etcd },
      ...people,
      restart: (data, signal) => restart({ process, etcd }, data, signal),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  });
}

/** An API server that loses its data must not find its etcd with the old ones, nor go on without. */
async function restart(
  { process, etcd }: Pick<KubeApiServer, 'process' | 'etcd'>,
  data: 'kept' | 'lost',
  signal?: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  await process.end(signal);
  if (data === 'lost') await etcd.restart('lost');
  await process.restart();
}

async function withControllers(
  server: KubeApiServer,
  names: Parameters<typeof startKubeControllerManager>[1],
): Promise<KubeApiServer> {
  try {
    const { file } = server.tokenKey;
    const controllers = await startKubeControllerManager(server.kubeconfig(), names, file);
    const stop = async (): Promise<void> => {
      await controllers.stop();
      await server.stop();
    };
    return { ...server, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

const TOKEN_KEY = 'service-accounts.key';
const TOKEN_PUBLIC_KEY = 'service-accounts.pub';

async function writeTokenKey(directory: string): Promise<TokenKey> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const file = join(directory, TOKEN_KEY);
  await writeFile(file, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' });
  await writeFile(join(directory, TOKEN_PUBLIC_KEY), publicPem);
  return { privateKey, file };
}

/** No nodes, no service accounts' tokens in pods, no load balancer: what is left is the API. */
function flags(
  directory: string,
  etcd: Etcd,
  port: number,
  { certFile, keyFile }: Certificate,
): string[] {
  return [
    ...[`--etcd-servers=${etcd.url}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
    ...['--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none'],
    ...[
      `--cert-dir=${directory}`,
      `--tls-cert-file=${certFile}`,
      `--tls-private-key-file=${keyFile}`,
    ],
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(directory, TOKEN_PUBLIC_KEY)}`,
    `--service-account-signing-key-file=${join(directory, TOKEN_KEY)}`,
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
    ...['--authorization-mode=RBAC', '--service-cluster-ip-range=10.96.0.0/24'],
    '--disable-admission-plugins=ServiceAccount',
  ];
}

type People = Pick<KubeApiServer, 'access' | 'kubeconfig'>;

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file */
async function writePeople(
  directory: string,
  server: Pick<KubeAccess, 'url' | 'ca'>,
  users: readonly KubeUser[],
): Promise<People> {
  const administrator = { name: 'admin', groups: ['system:masters'] };
  const people = await Promise.all(
    [administrator, ...users].map(async ({ name, groups = [] }, at) => {
      const token = randomUUID();
      const file = join(directory, `kubeconfig-${at}.json`);
      await writeKubeconfig(file, { ...server, token });
      return { name, token, file, line: `${token},"${name}",${at},"${groups.join(',')}"\n` };
    }),
  );
  await writeFile(join(directory, 'tokens.csv'), people.map(({ line }) => line).join(''));
  const found = (user = administrator.name) => {
    const person = people.find(({ name }) => name === user);
    if (person === undefined) throw new Error(`${user} is none of the users that were asked for`);
    return person;
  };
  return {
    access: (user) => ({ ...server, token: found(user).token }),
    kubeconfig: (user) => found(user).file,
  };
}
