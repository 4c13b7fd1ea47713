// Owns starting oauth2-proxy as a reverse proxy: what the gateway is measured against.
import { join } from 'node:path';
import { ensureBuilt } from './catalogue.ts';
import { freePort } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';

/** How oauth2-proxy is started. */
export interface Oauth2ProxyOptions {
  readonly port?: number;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where it forwards to, for example `http://127.0.0.1:8081/`. */
  readonly upstream: string;
  /** Sessions in its cookie, or in the Redis of this URL. */
  readonly sessions?:
    { readonly kind: 'cookie' } | { readonly kind: 'redis'; readonly url: string };
  /** `/oauth2/callback` on its own address if not told. */
  readonly redirectUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** A running oauth2-proxy. */
export interface Oauth2Proxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The file it logs requests to; gone after stop(). */
  readonly requestLog: string;
  readonly process: NeighbourProcess;
  stop(): Promise<void>;
}

/** Starts oauth2-proxy on 127.0.0.1, in front of the upstream, and waits until it answers. */
export async function startOauth2Proxy(options: Oauth2ProxyOptions): Promise<Oauth2Proxy> {
  const program = await ensureBuilt('oauth2-proxy-7.15.2');
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  return startInScratchDirectory('oauth2-proxy', async (directory) => {
    const requestLog = join(directory, 'requests.log');
    const process = await NeighbourProcess.start({
      name: `oauth2-proxy on ${port}`,
      command: program,
      args: [
        `--http-address=127.0.0.1:${port}`,
        `--logging-filename=${requestLog}`,
        // Never rotated: a benchmark writes it to one file, as the gateway does.
        '--logging-max-size=100000',
        `--redirect-url=${options.redirectUrl ?? `${url}/oauth2/callback`}`,
        ...providerArgs(options),
        ...sessionArgs(options),
        ...(options.args ?? []),
      ],
      directory,
      port,
      ...(options.env === undefined ? {} : { env: options.env }),
      isReady: async () => (await fetch(`${url}/ping`)).ok,
    });
    const stop = () => process.stop();
    return { port, url, requestLog, process, stop, [Symbol.asyncDispose]: stop };
  });
}

function providerArgs({ issuer, clientId, clientSecret, upstream }: Oauth2ProxyOptions): string[] {
  return [
    '--provider=oidc',
    `--oidc-issuer-url=${issuer}`,
    `--client-id=${clientId}`,
    `--client-secret=${clientSecret}`,
    `--upstream=${upstream}`,
    '--scope=openid email profile groups offline_access',
    '--email-domain=*',
    '--insecure-oidc-allow-unverified-email',
    '--skip-provider-button',
    '--code-challenge-method=S256',
    '--pass-user-headers',
  ];
}

function sessionArgs({ sessions = { kind: 'cookie' } }: Oauth2ProxyOptions): string[] {
  const cookie = ['--cookie-secure=false', '--cookie-secret=0123456789abcdef0123456789abcdef'];
  if (sessions.kind === 'cookie') return cookie;
  return [...cookie, '--session-store-type=redis', `--redis-connection-url=${sessions.url}`];
}
