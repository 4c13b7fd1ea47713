// Owns starting one Redis server: with a password, ACL users or TLS, kept or lost data.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, type Certificate } from './certificate.ts';
import { installedProgram } from './catalogue.ts';
import { freePort } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';
import { runProgram } from './run-program.ts';

const DATA_FILE = 'dump.rdb';

/** How a Redis server is started. Without options: no password, no TLS, nothing kept on disk. */
export interface RedisOptions {
  readonly port?: number;
  readonly password?: string;
  /** Further ACL users, each in the form of redis.conf: `user NAME on >PASSWORD ~KEYS &CHANNELS +@all`. */
  readonly users?: readonly string[];
  /** TLS only, with a certificate for 127.0.0.1 and localhost that is its own authority. */
  readonly tls?: boolean;
  /** Further lines of redis.conf. */
  readonly config?: readonly string[];
}

/** A running Redis server. */
export interface Redis extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `redis://…` or `rediss://…`, with the password. */
  readonly url: string;
  readonly password: string | undefined;
  readonly certificate: Certificate | undefined;
  /** Its process: suspend() makes it silent, end('SIGKILL') takes it away, restart() brings it back. */
  readonly process: NeighbourProcess;
  /** Runs one command through redis-cli and returns its answer as text. */
  command(...words: readonly string[]): Promise<string>;
  /** Ends it and starts it again on the same port, with its data or empty. */
  restart(data: 'kept' | 'lost'): Promise<void>;
  /** Answers nobody for so long, as a server under a slow command does. */
  pause(forMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Redis server of its own on 127.0.0.1 and waits until it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const port = options.port ?? (await freePort());
  return startInScratchDirectory('redis', async (directory) => {
    const certificate = options.tls === true ? await makeCertificate(directory) : undefined;
    const cli = redisCli({ port, password: options.password, certificate });
    await writeFile(join(directory, 'redis.conf'), configuration(options, port, certificate));
    const process = await NeighbourProcess.start({
      name: `redis-server on ${port}`,
      command: installedProgram('redis-server'),
      args: [join(directory, 'redis.conf')],
      directory,
      port,
      isReady: async () => (await cli('ping')) === 'PONG',
    });
    return redisHandle(options, { port, directory, certificate, cli, process });
  });
}

interface RedisParts {
  readonly port: number;
  readonly directory: string;
  readonly certificate: Certificate | undefined;
  readonly cli: RedisCli;
  readonly process: NeighbourProcess;
}

function redisHandle(options: RedisOptions, parts: RedisParts): Redis {
  const { port, directory, certificate, cli, process } = parts;
  const scheme = certificate === undefined ? 'redis' : 'rediss';
  const userinfo =
    options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  const stop = () => process.stop();
  return {
    host: '127.0.0.1',
    port,
    url: `${scheme}://${userinfo}127.0.0.1:${port}`,
    password: options.password,
    certificate,
    process,
    command: cli,
    async restart(data) {
      if (data === 'kept' && process.isRunning) await cli('save');
      await process.end();
      if (data === 'lost') await rm(join(directory, DATA_FILE), { force: true });
      await process.restart();
    },
    async pause(forMs) {
      await cli('client', 'pause', String(forMs), 'ALL');
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function configuration(
  options: RedisOptions,
  port: number,
  certificate: Certificate | undefined,
): string {
  const listening =
    certificate === undefined
      ? [`port ${port}`]
      : [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${certificate.certFile}`,
          `tls-key-file ${certificate.keyFile}`,
          `tls-ca-cert-file ${certificate.certFile}`,
          'tls-auth-clients no',
        ];
  return [
    'bind 127.0.0.1',
    'daemonize no',
    'save ""',
    'appendonly no',
    `dbfilename ${DATA_FILE}`,
    ...listening,
    ...(options.password === undefined ? [] : [`requirepass ${JSON.stringify(options.password)}`]),
    ...(options.users ?? []),
    ...(options.config ?? []),
    '',
  ].join('\n');
}

/** Runs one Redis command and returns its answer without the line's end. */
export type RedisCli = (...words: readonly string[]) => Promise<string>;

/** redis-cli for the server on this port. */
export function redisCli(server: {
  readonly port: number;
  readonly password?: string | undefined;
  readonly certificate?: Certificate | undefined;
}): RedisCli {
  const { port, password, certificate } = server;
  const tls = certificate === undefined ? [] : ['--tls', '--cacert', certificate.certFile];
  const args = ['-h', '127.0.0.1', '-p', String(port), '-e', ...tls];
  const env = { PATH: process.env['PATH'], REDISCLI_AUTH: password };
  return async (...words) =>
    (await runProgram(installedProgram('redis-cli'), [...args, ...words], { env })).trimEnd();
}
