// Owns knowing which server the Sentinels call master. All of them are asked all the time, because
// a master that was replaced goes on taking writes until somebody demotes it.
import type { Redis } from 'ioredis';
import { every, type Cancel } from '../../kernel/clock.ts';
import { KeptConnection, type KeptConnectionTools } from './kept-connection.ts';
import { sentinelConnection } from './redis-connection.ts';
import { parseRedisAddress, type RedisAddress, type SentinelMode } from './redis-options.ts';
import { masterOf, type NamedMaster } from './redis-replies.ts';

const ASK_EVERY_MS = 500;

export class SentinelWatch {
  readonly #name: string;
  readonly #sentinels: readonly KeptConnection<Redis>[];
  /** What each Sentinel that can be reached said last. */
  readonly #answers = new Map<KeptConnection<Redis>, NamedMaster>();
  readonly #stopAsking: Cancel;
  readonly #listeners = new Set<() => void>();
  #master: RedisAddress | undefined;

  constructor(options: SentinelMode, tools: KeptConnectionTools) {
    this.#name = options.sentinelName;
    this.#sentinels = options.addresses.map((address) => {
      const sentinel = new KeptConnection<Redis>({
        ...tools,
        purpose: `Sentinel ${address}`,
        open: () => sentinelConnection(options, parseRedisAddress(address)),
        onReady: () => void this.#ask(sentinel),
        onLost: () => this.#answers.delete(sentinel),
      });
      return sentinel;
    });
    this.#stopAsking = every(tools.clock, ASK_EVERY_MS, () => {
      for (const sentinel of this.#sentinels) void this.#ask(sentinel);
    });
  }

  /** Undefined until a Sentinel has named one; then the newest, even while no Sentinel answers. */
  get master(): RedisAddress | undefined {
    return this.#master;
  }

  /** Calls `listener` whenever the Sentinels name another master than before, the first included. */
  onSwitch(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#stopAsking();
    this.#listeners.clear();
    await Promise.all(this.#sentinels.map((sentinel) => sentinel.close()));
  }

  async #ask(sentinel: KeptConnection<Redis>): Promise<void> {
    try {
      const reply = await sentinel.ready?.call('SENTINEL', 'MASTER', this.#name);
      if (reply === undefined) return;
      this.#answers.set(sentinel, masterOf(reply));
      this.#choose();
    } catch (error) {
      sentinel.report(error);
    }
  }

  /** The Sentinels' configuration epoch grows with every failover: the highest is the newest. */
  #choose(): void {
    const [newest] = [...this.#answers.values()].sort((a, b) => b.epoch - a.epoch);
    const previous = this.#master;
    if (newest === undefined || isSame(previous, newest.address)) return;
    this.#master = newest.address;
    for (const listener of [...this.#listeners]) listener();
  }
}

function isSame(one: RedisAddress | undefined, other: RedisAddress): boolean {
  return one?.host === other.host && one.port === other.port;
}
