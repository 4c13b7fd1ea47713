// Owns the change channel over Redis pub/sub: announcing, hearing, and repeating what a failover may
// have lost.
import type { Redis } from 'ioredis';
import { every, type Cancel } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText } from '../../kernel/logger.ts';
import { randomId } from '../../kernel/random.ts';
import type { Change, ChangeChannel } from './change-channel.ts';
import { ChangeListeners } from './change-listeners.ts';
import { formatChangeMessage, parseChangeMessage } from './change-message.ts';
import { ChannelPulse, HEARTBEAT_EVERY_MS, SILENCE_MS } from './channel-pulse.ts';
import { KeptConnection } from './kept-connection.ts';
import { OWN_CHANGES, RecentEntries } from './recent-entries.ts';
import type { RedisClient, RedisParts } from './redis-client.ts';
import type { RedisRecordStore } from './redis-record-store.ts';

const REPLICA_BITS = 128;

/** A failing Redis is not burdened with repeats more often, in milliseconds. */
const REPEAT_AT_MOST_EVERY_MS = SECOND_MS;

interface RedisChangeChannelParts extends RedisParts {
  /** What publishes; the subscription has a connection of its own. */
  readonly client: RedisClient;
  readonly store: Pick<RedisRecordStore, 'hasUnwrittenEndings' | 'repeatEndings'>;
}

export class RedisChangeChannel implements ChangeChannel {
  readonly #parts: RedisChangeChannelParts;
  readonly #topic: string;
  readonly #replica: string;
  readonly #listeners: ChangeListeners;
  readonly #pulse: ChannelPulse;
  readonly #announced: RecentEntries<true>;
  readonly #subscription: KeptConnection<Redis>;
  readonly #stops: readonly Cancel[];
  #subscribedAtMs = 0;
  #isRepeatDue = false;
  #isRepeating = false;
  #repeatFromMs = 0;

  constructor(parts: RedisChangeChannelParts) {
    const { client, clock, logger, options, random, servers } = parts;
    this.#parts = parts;
    this.#topic = `${options.keyPrefix}changes`;
    this.#replica = randomId(random, REPLICA_BITS);
    this.#listeners = new ChangeListeners(logger);
    this.#announced = new RecentEntries(clock, OWN_CHANGES);
    this.#pulse = new ChannelPulse({
      ...parts,
      onDoubt: () => {
        this.#listeners.emit({ kind: 'all' });
      },
      onRecovered: () => {
        this.#mustRepeat();
      },
    });
    this.#subscription = new KeptConnection({
      ...parts,
      purpose: 'session changes',
      open: (attempt) => this.#subscriber(attempt),
      onReady: (redis) => {
        void this.#subscribe(redis);
      },
      onLost: () => {
        this.#pulse.lost();
      },
    });
    this.#stops = [
      every(clock, HEARTBEAT_EVERY_MS, () => {
        this.#beat();
      }),
      client.onRenewed(() => {
        this.#mustRepeat();
        this.#beat();
      }),
      servers.onSwitch(() => {
        this.#subscription.replace();
      }),
    ];
  }

  /** Takes effect here at once, whether or not Redis can be reached. */
  announce(key: string): void {
    this.#announced.add(key, true);
    this.#listeners.emit({ kind: 'session', key });
    this.#publish([key]).catch(() => {
      this.#isRepeatDue = true;
    });
  }

  onChange(listener: (change: Change) => void): Cancel {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#listeners.clear();
    await this.#subscription.close();
  }

  #beat(): void {
    this.#pulse.check();
    void this.#repeatIfDue();
    this.#publish([undefined]).then(
      () => {
        this.#expectEcho();
      },
      () => undefined,
    );
  }

  /** A subscription that stays silent although Redis takes our heartbeats is not a good one. */
  #expectEcho(): void {
    const silentSinceMs = Math.max(this.#pulse.lastHeardMs, this.#subscribedAtMs);
    if (this.#parts.clock.monotonicMs() - silentSinceMs < SILENCE_MS) return;
    if (this.#subscription.ready !== undefined) this.#subscription.replace();
  }

  /** After a reconnect or failover, here and at every other replica. */
  #mustRepeat(): void {
    this.#listeners.emit({ kind: 'all' });
    this.#isRepeatDue = true;
    void this.#repeatIfDue();
  }

  /**
   * Ends of sessions first, so that whoever is told of them finds them. What does not succeed stays
   * due.
   */
  async #repeatIfDue(): Promise<void> {
    const { clock, store } = this.#parts;
    const isDue = this.#isRepeatDue || store.hasUnwrittenEndings;
    if (!isDue || this.#isRepeating || clock.monotonicMs() < this.#repeatFromMs) return;
    this.#isRepeatDue = false;
    this.#isRepeating = true;
    this.#repeatFromMs = clock.monotonicMs() + REPEAT_AT_MOST_EVERY_MS;
    try {
      await this.#repeat();
    } catch {
      this.#isRepeatDue = true;
    } finally {
      this.#isRepeating = false;
    }
  }

  async #repeat(): Promise<void> {
    const ended = await this.#parts.store.repeatEndings();
    const announced = this.#announced.list().map(([key]) => key);
    const keys = new Set([...ended, ...announced]);
    await this.#publish([...keys]);
    if (keys.size > 0) this.#listeners.emit({ kind: 'all' });
  }

  /** Publishes the keys; undefined is a heartbeat. */
  #publish(keys: readonly (string | undefined)[]): Promise<void> {
    return this.#parts.client.runEach('publish', keys, (redis, key) =>
      redis.publish(this.#topic, formatChangeMessage({ from: this.#replica, key })),
    );
  }

  #subscriber(attempt: number): Redis | undefined {
    const redis = this.#parts.servers.subscription(attempt);
    redis?.on('message', (_topic: string, text: string) => {
      this.#heard(text);
    });
    return redis;
  }

  async #subscribe(redis: Redis): Promise<void> {
    this.#subscribedAtMs = this.#parts.clock.monotonicMs();
    try {
      await redis.subscribe(this.#topic);
      this.#beat();
    } catch (error) {
      // Without an echo it will be replaced.
      this.#parts.logger.warn('Redis refused the subscription to session changes.', {
        error: errorText(error),
      });
    }
  }

  #heard(text: string): void {
    const message = parseChangeMessage(text);
    if (message === undefined) {
      this.#parts.metrics.increment('kfgw_revocation_messages_ignored_total', {});
    } else if (message.from === this.#replica) {
      this.#pulse.heard();
    } else if (message.key !== undefined) {
      this.#listeners.emit({ kind: 'session', key: message.key });
    }
  }
}
