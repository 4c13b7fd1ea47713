// Owns knowing whether the change channel works: a replica hears its own heartbeats through it, or
// it doubts what it knows until it does.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Metrics } from '../../kernel/metrics.ts';

export const HEARTBEAT_EVERY_MS = 500;
/** Without a heartbeat for so long, messages may have been missed; and while it lasts, again and again. */
export const SILENCE_MS = 2 * SECOND_MS;

interface ChannelPulseParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Messages may have been missed. */
  readonly onDoubt: () => void;
  /** Messages arrive, for the first time or again; those in between may have been missed. */
  readonly onRecovered: () => void;
}

export class ChannelPulse {
  readonly #parts: ChannelPulseParts;
  #isUp = false;
  #lastHeardMs: number;
  #lastDoubtMs: number;

  constructor(parts: ChannelPulseParts) {
    this.#parts = parts;
    this.#lastHeardMs = this.#lastDoubtMs = parts.clock.monotonicMs();
    parts.metrics.set('kfgw_revocation_channel_up', {}, 0);
  }

  /** When the last heartbeat arrived, in monotonic milliseconds. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** A message of our own came back. */
  heard(): void {
    this.#lastHeardMs = this.#parts.clock.monotonicMs();
    if (this.#isUp) return;
    this.#isUp = true;
    this.#parts.metrics.set('kfgw_revocation_channel_up', {}, 1);
    this.#parts.onRecovered();
  }

  /** The subscription is gone. */
  lost(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#parts.metrics.set('kfgw_revocation_channel_up', {}, 0);
    this.#doubt();
  }

  /** To be called at every heartbeat that is sent. */
  check(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#isUp && nowMs - this.#lastHeardMs >= SILENCE_MS) this.lost();
    else if (!this.#isUp && nowMs - this.#lastDoubtMs >= SILENCE_MS) this.#doubt();
  }

  #doubt(): void {
    this.#lastDoubtMs = this.#parts.clock.monotonicMs();
    this.#parts.onDoubt();
  }
}
