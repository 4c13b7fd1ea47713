// Owns starting a Redis Cluster of three masters with a replica each.
import { installedProgram } from './catalogue.ts';
import { freePorts } from './free-port.ts';
import { pollUntil } from './poll-until.ts';
import { startRedis, type Redis } from './redis.ts';
import { runProgram } from './run-program.ts';
import { startAll } from './start-all.ts';

const MASTERS = 3;
const REPLICAS_EACH = 1;
const NODES = MASTERS * (1 + REPLICAS_EACH);
const NODE_TIMEOUT_MS = 1_000;
const FAIL_OVER_WITHIN = { withinMs: 30_000, everyMs: 50 };

/** A Redis Cluster. */
export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly Redis[];
  /** The node that serves the key's slot as master. */
  masterOf(key: string): Promise<Redis>;
  /** Kills the key's master, waits until its replica has taken over, and returns the dead one. */
  killMasterOf(key: string): Promise<Redis>;
  stop(): Promise<void>;
}

/** Starts six nodes, joins them, and waits until every one calls the cluster whole. */
export async function startRedisCluster(
  options: { readonly password?: string } = {},
): Promise<RedisCluster> {
  const { password } = options;
  const nodes: ClusterNode[] = await startAll([], NODES, () => startNode(password));
  const cluster = clusterHandle(nodes);
  try {
    await join(nodes, password);
    await pollUntil('the cluster is whole', () => isWhole(nodes), FAIL_OVER_WITHIN);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

interface ClusterNode extends Redis {
  readonly busPort: number;
}

async function startNode(password: string | undefined): Promise<ClusterNode> {
  const [port = 0, busPort = 0] = await freePorts(2);
  const redis = await startRedis({
    port,
    ...(password === undefined ? {} : { password }),
    config: [
      'cluster-enabled yes',
      // The bus would otherwise be at port + 10000, which nobody has checked to be free.
      `cluster-port ${busPort}`,
      `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
      'repl-diskless-sync yes',
      'repl-diskless-sync-delay 0',
      ...(password === undefined ? [] : [`masterauth ${JSON.stringify(password)}`]),
    ],
  });
  return { ...redis, busPort };
}

async function join(nodes: readonly ClusterNode[], password: string | undefined): Promise<void> {
  const addresses = nodes.map(({ port, busPort }) => `127.0.0.1:${port}@${busPort}`);
  await runProgram(
    installedProgram('redis-cli'),
    [
      ...['--cluster', 'create', ...addresses],
      ...['--cluster-replicas', String(REPLICAS_EACH), '--cluster-yes'],
    ],
    { env: { PATH: process.env['PATH'], REDISCLI_AUTH: password } },
  );
}

async function isWhole(nodes: readonly Redis[]): Promise<boolean> {
  for (const node of nodes) {
    const info = await node.command('cluster', 'info');
    if (!info.includes('cluster_state:ok')) return false;
    if (!info.includes(`cluster_known_nodes:${NODES}`)) return false;
    const replication = await node.command('info', 'replication');
    if (!/connected_slaves:1|master_link_status:up/.test(replication)) return false;
  }
  return true;
}

function clusterHandle(nodes: readonly Redis[]): RedisCluster {
  const masterOf = (key: string) => slotMaster(nodes, key);
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  return {
    nodes,
    masterOf,
    async killMasterOf(key) {
      const old = await masterOf(key);
      await old.process.end('SIGKILL');
      await pollUntil(
        `the replica serves ${key}`,
        async () => (await masterOf(key)) !== old,
        FAIL_OVER_WITHIN,
      );
      return old;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Only the slot's serving master answers without MOVED (Redis Cluster Specification). */
async function slotMaster(nodes: readonly Redis[], key: string): Promise<Redis> {
  for (const node of nodes.filter(({ process }) => process.isRunning)) {
    const answer = await node.command('exists', key).catch(() => '');
    if (/^[01]$/.test(answer)) return node;
  }
  throw new Error(`no node serves ${key}`);
}
