// Owns commands to Redis: each has a deadline, fails at once while there is no connection, and
// fails as StoreUnavailable and nothing else.
import { every, within, type Cancel, type Clock } from '../../kernel/clock.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { KeptConnection, type KeptConnectionTools } from './kept-connection.ts';
import { StoreUnavailable } from './record-store.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { RedisOptions } from './redis-options.ts';
import type { RedisServers } from './redis-servers.ts';

/** How often a Cluster is asked who serves what, in milliseconds. */
const TOPOLOGY_EVERY_MS = 5_000;
/** So many commands share one deadline. */
const BATCH = 200;

/** What everything over Redis is made with. */
export interface RedisParts extends KeptConnectionTools {
  readonly options: RedisOptions;
  readonly servers: RedisServers;
  readonly metrics: Metrics;
}

export class RedisClient {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #servers: RedisServers;
  readonly #timeoutMs: number;
  readonly #connection: KeptConnection<RedisConnection>;
  readonly #renewalListeners = new Set<() => void>();
  readonly #stopWatching: Cancel;
  #masters = '';

  constructor(parts: RedisParts) {
    const { clock, metrics, options, servers } = parts;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#servers = servers;
    this.#timeoutMs = options.commandTimeoutMs;
    metrics.set('kfgw_store_up', {}, 0);
    this.#connection = new KeptConnection({
      ...parts,
      purpose: 'commands',
      open: () => servers.commands(),
      onReady: (connection) => {
        this.#watchMasters(connection);
        this.#renewed();
      },
      onLost: () => {
        metrics.set('kfgw_store_up', {}, 0);
      },
    });
    servers.onSwitch(() => {
      this.#connection.replace();
    });
    this.#stopWatching = every(clock, TOPOLOGY_EVERY_MS, () => {
      const ready = this.#connection.ready;
      if (ready !== undefined && 'refreshSlotsCache' in ready) ready.refreshSlotsCache();
    });
  }

  /**
   * Runs `work` on the connection, all of it within the command deadline. Rejects with
   * StoreUnavailable when there is no connection, when time is up, or when Redis refuses.
   */
  async run<T>(operation: string, work: (redis: RedisConnection) => Promise<T>): Promise<T> {
    try {
      const redis = this.#connection.ready;
      if (redis === undefined) throw new Error('not connected');
      const result = await within(this.#clock, this.#timeoutMs, work(redis), this.#tooLate);
      this.#metrics.increment('kfgw_store_operations_total', { operation, result: 'ok' });
      this.#metrics.set('kfgw_store_up', {}, 1);
      return result;
    } catch (error) {
      this.#metrics.increment('kfgw_store_operations_total', { operation, result: 'failed' });
      this.#metrics.set('kfgw_store_up', {}, 0);
      throw new StoreUnavailable('the session store did not answer', { cause: faultOf(error) });
    }
  }

  /** Runs `work` for every item, in batches of which each has the command deadline. */
  async runEach<T>(
    operation: string,
    items: readonly T[],
    work: (redis: RedisConnection, item: T) => Promise<unknown>,
  ): Promise<void> {
    for (let start = 0; start < items.length; start += BATCH) {
      const batch = items.slice(start, start + BATCH);
      await this.run(operation, (redis) => Promise.all(batch.map((item) => work(redis, item))));
    }
  }

  /**
   * Calls `listener` whenever another server may be answering: after every connection, and when a
   * Cluster has other masters. Writes that were acknowledged may be lost then.
   */
  onRenewed(listener: () => void): Cancel {
    this.#renewalListeners.add(listener);
    return () => {
      this.#renewalListeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#stopWatching();
    this.#renewalListeners.clear();
    await Promise.all([this.#connection.close(), this.#servers.close()]);
  }

  readonly #tooLate = (): Error => new Error(`no answer within ${this.#timeoutMs} ms`);

  #watchMasters(connection: RedisConnection): void {
    if (!('nodes' in connection)) return;
    this.#masters = mastersOf(connection.nodes('master'));
    connection.on('refresh', () => {
      const masters = mastersOf(connection.nodes('master'));
      if (masters === this.#masters) return;
      this.#masters = masters;
      this.#renewed();
    });
  }

  #renewed(): void {
    for (const listener of [...this.#renewalListeners]) listener();
  }
}

interface Node {
  readonly options: { readonly host?: string | undefined; readonly port?: number | undefined };
}

function mastersOf(nodes: readonly Node[]): string {
  const addresses = nodes.map(({ options }) => `${options.host ?? ''}:${options.port ?? 0}`);
  return addresses.sort().join();
}

/** The error without what ioredis hangs on it: the command with its arguments. */
function faultOf(error: unknown): Error {
  const fault = new Error(error instanceof Error ? error.message : String(error));
  if (error instanceof Error) fault.name = error.name;
  return fault;
}
