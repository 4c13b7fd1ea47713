// Owns keeping one connection to Redis open: a connection that ends, for whatever reason, is
// replaced by a new one, for ever, with exponential backoff and jitter.
import { pause, type Cancel, type Clock } from '../../kernel/clock.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import { chance, type Random } from '../../kernel/random.ts';
import type { RedisConnection } from './redis-connection.ts';

const FIRST_DELAY_MS = 50;
/** Short, since revocations wait for it. */
const LONGEST_DELAY_MS = 2_000;
/** A connection that lasted so long was a good one: the next delay is short again. */
const STABLE_MS = 10_000;
const LOG_EVERY_MS = 10_000;
const CLOSE_WITHIN_MS = 1_000;

export interface KeptConnectionTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface KeptConnectionParts<C extends RedisConnection> extends KeptConnectionTools {
  /** What the connection is for, in the log. */
  readonly purpose: string;
  /**
   * Makes a connection that is not connected yet; undefined while it is not known where to.
   * `attempt` counts from 0.
   */
  readonly open: (attempt: number) => C | undefined;
  /** A connection has become usable; the first one, or one to whatever serves now. */
  readonly onReady: (connection: C) => void;
  /** A usable connection is gone. */
  readonly onLost: () => void;
}

export class KeptConnection<C extends RedisConnection> {
  readonly #parts: KeptConnectionParts<C>;
  #current: C | undefined;
  #attempts = 0;
  #failures = 0;
  #readySinceMs: number | undefined;
  #lastLogMs = Number.NEGATIVE_INFINITY;
  #unlogged = 0;
  #cancelRetry: Cancel = () => undefined;
  #isClosed = false;

  constructor(parts: KeptConnectionParts<C>) {
    this.#parts = parts;
    this.#open();
  }

  /** The connection, while commands can be sent on it. */
  get ready(): C | undefined {
    return this.#current?.status === 'ready' ? this.#current : undefined;
  }

  /** Gives the present connection up in favour of a new one, at once. */
  replace(): void {
    this.#failures = 0;
    if (this.#current !== undefined) this.#current.disconnect();
    else if (!this.#isClosed) this.#reopen();
  }

  /** Logs a failure on the connection: one line in ten seconds, however many there are. */
  report(error: unknown): void {
    if (this.#isClosed) return;
    const { clock, logger, purpose } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#lastLogMs < LOG_EVERY_MS) {
      this.#unlogged += 1;
      return;
    }
    const unlogged = this.#unlogged;
    this.#lastLogMs = nowMs;
    this.#unlogged = 0;
    logger.warn('Redis cannot be reached.', { purpose, error: errorText(error), unlogged });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry();
    const current = this.#current;
    if (current === undefined) return;
    const bound = new AbortController();
    current.once('end', () => {
      bound.abort();
    });
    current.disconnect();
    await pause(this.#parts.clock, CLOSE_WITHIN_MS, bound.signal);
  }

  #open(): void {
    const attempt = this.#attempts;
    this.#attempts += 1;
    try {
      const connection = this.#parts.open(attempt);
      if (connection === undefined) this.#retry();
      else this.#adopt(connection);
    } catch (error) {
      // Credentials or certificates that cannot be used now may be whole the next time.
      this.report(error);
      this.#retry();
    }
  }

  #adopt(connection: C): void {
    this.#current = connection;
    const report = (error: unknown): void => {
      this.report(error);
    };
    connection.on('error', report);
    connection.on('node error', report);
    connection.once('ready', () => {
      this.#becameReady(connection);
    });
    connection.once('end', () => {
      this.#ended();
    });
    // Why it failed comes as 'error', that it did as 'end'.
    connection.connect().catch(() => undefined);
  }

  #becameReady(connection: C): void {
    if (this.#isClosed) return;
    const { clock, logger, purpose, onReady } = this.#parts;
    this.#readySinceMs = clock.monotonicMs();
    logger.info('Redis is connected.', { purpose });
    onReady(connection);
  }

  #ended(): void {
    this.#current = undefined;
    const readySinceMs = this.#readySinceMs;
    this.#readySinceMs = undefined;
    if (this.#isClosed) return;
    this.report(new Error('the connection ended'));
    if (readySinceMs !== undefined) {
      if (this.#parts.clock.monotonicMs() - readySinceMs >= STABLE_MS) this.#failures = 0;
      this.#parts.onLost();
    }
    this.#retry();
  }

  #retry(): void {
    const { clock, random } = this.#parts;
    const ceilingMs = Math.min(
      FIRST_DELAY_MS * 2 ** Math.min(this.#failures, 10),
      LONGEST_DELAY_MS,
    );
    this.#failures += 1;
    this.#cancelRetry = clock.after(ceilingMs * (0.5 + chance(random) / 2), () => {
      this.#open();
    });
  }

  #reopen(): void {
    this.#cancelRetry();
    this.#open();
  }
}
