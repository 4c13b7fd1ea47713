// Owns the interface of the channel by which replicas tell each other that a session changed.
// Messages can only cause a re-check: nothing in them is believed.
import type { Cancel } from '../../kernel/clock.ts';

/** A session key, or `all` when messages may have been missed. */
export type Change = { readonly kind: 'session'; readonly key: string } | { readonly kind: 'all' };

export interface ChangeChannel {
  /** Tells every replica, this one included; best effort, repeated after a reconnect. */
  announce(key: string): void;
  onChange(listener: (change: Change) => void): Cancel;
  close(): Promise<void>;
}
