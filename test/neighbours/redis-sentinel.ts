// Owns starting a Redis master with replicas, and three Sentinels that watch over them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installedProgram } from './catalogue.ts';
import { freePort } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';
import { pollUntil } from './poll-until.ts';
import { redisCli, startRedis, type Redis, type RedisCli } from './redis.ts';
import { startAll } from './start-all.ts';

const MASTER_NAME = 'kfgw';
const SENTINELS = 3;
const QUORUM = 2;
const FAIL_OVER_WITHIN = { withinMs: 30_000, everyMs: 50 };

/** One Sentinel. */
export interface Sentinel extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly process: NeighbourProcess;
  command: RedisCli;
  stop(): Promise<void>;
}

/** A master with replicas under three Sentinels. */
export interface RedisSentinel extends AsyncDisposable {
  /** The name under which the Sentinels know the master. */
  readonly name: string;
  readonly sentinels: readonly Sentinel[];
  readonly nodes: readonly Redis[];
  /** The node that all Sentinels now call master; rejects while they differ. */
  master(): Promise<Redis>;
  /**
   * Asks for an orderly failover and waits until another node is master. The old one becomes a
   * replica some ten seconds later: with `replicas: 2` a second failover need not wait for it.
   */
  failOver(): Promise<void>;
  /** Kills the master and waits until another node is master; returns the dead one. */
  killMaster(): Promise<Redis>;
  stop(): Promise<void>;
}

/** Starts a master, its replicas (one if not told) and three Sentinels, and waits until all agree. */
export async function startRedisSentinel(
  options: { readonly replicas?: number; readonly password?: string } = {},
): Promise<RedisSentinel> {
  const { replicas = 1, password } = options;
  const first = await startRedis(nodeOptions(password));
  const others = await startAll([first], replicas, () =>
    startRedis(nodeOptions(password, first.port)),
  );
  const nodes = [first, ...others];
  const sentinels = await startAll(nodes, SENTINELS, () => startSentinel(first.port, password));
  const set = sentinelHandle(nodes, sentinels);
  try {
    await pollUntil('the Sentinels know each other and the replicas', () =>
      agreeOnSet(sentinels, replicas),
    );
  } catch (error) {
    await set.stop();
    throw error;
  }
  return set;
}

function sentinelHandle(nodes: readonly Redis[], sentinels: readonly Sentinel[]): RedisSentinel {
  const master = () => masterOf(nodes, sentinels);
  const changeMaster = async (how: (old: Redis) => Promise<unknown>): Promise<Redis> => {
    const old = await master();
    await how(old);
    await pollUntil(
      'the Sentinels name another master',
      async () => (await master()) !== old,
      FAIL_OVER_WITHIN,
    );
    return old;
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...sentinels, ...nodes].map((part) => part.stop()));
  };
  return {
    name: MASTER_NAME,
    sentinels,
    nodes,
    master,
    async failOver() {
      await changeMaster(() => askForFailOver(sentinels));
    },
    killMaster: () => changeMaster((old) => old.process.end('SIGKILL')),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function nodeOptions(password: string | undefined, masterPort?: number) {
  const replication = [
    // A replica that starts, or comes back, is in step at once instead of after 5 s.
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    ...(password === undefined ? [] : [`masterauth ${JSON.stringify(password)}`]),
    ...(masterPort === undefined ? [] : [`replicaof 127.0.0.1 ${masterPort}`]),
  ];
  return { config: replication, ...(password === undefined ? {} : { password }) };
}

async function startSentinel(masterPort: number, password?: string): Promise<Sentinel> {
  const port = await freePort();
  return startInScratchDirectory('sentinel', async (directory) => {
    const configFile = join(directory, 'sentinel.conf');
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${QUORUM}`,
      `sentinel down-after-milliseconds ${MASTER_NAME} 500`,
      // A failed attempt is repeated after twice this time.
      `sentinel failover-timeout ${MASTER_NAME} 1500`,
      ...(password === undefined
        ? []
        : [`sentinel auth-pass ${MASTER_NAME} ${JSON.stringify(password)}`]),
    ];
    await writeFile(configFile, `${lines.join('\n')}\n`);
    const command = redisCli({ port });
    const process = await NeighbourProcess.start({
      name: `Sentinel on ${port}`,
      command: installedProgram('redis-server'),
      args: [configFile, '--sentinel'],
      directory,
      port,
      isReady: async () => (await command('ping')) === 'PONG',
    });
    const stop = () => process.stop();
    return { host: '127.0.0.1', port, process, command, stop, [Symbol.asyncDispose]: stop };
  });
}

/** Refused (INPROG) while an earlier failover is not quite over. */
async function askForFailOver(sentinels: readonly Sentinel[]): Promise<void> {
  const ask = async () =>
    (await sentinels[0]?.command('sentinel', 'failover', MASTER_NAME)) === 'OK';
  await pollUntil('a Sentinel starts the failover', ask, FAIL_OVER_WITHIN);
}

async function agreeOnSet(sentinels: readonly Sentinel[], replicas: number): Promise<boolean> {
  for (const { command } of sentinels) {
    const info = await command('info', 'sentinel');
    if (!info.includes(`status=ok`)) return false;
    if (!info.includes(`slaves=${replicas},sentinels=${sentinels.length}`)) return false;
  }
  return true;
}

async function masterOf(nodes: readonly Redis[], sentinels: readonly Sentinel[]): Promise<Redis> {
  const ports = await Promise.all(
    sentinels.map(({ command }) => command('sentinel', 'get-master-addr-by-name', MASTER_NAME)),
  );
  const [port] = new Set(ports.map((answer) => Number(answer.split('\n')[1])));
  const named = nodes.find((node) => node.port === port);
  if (named === undefined || new Set(ports).size !== 1) throw new Error('no agreed master');
  if (!(await named.command('role')).startsWith('master')) throw new Error('not yet master');
  return named;
}
