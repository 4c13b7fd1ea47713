// Owns when a key is used: a new key waits until every replica and verifier can know it.

/** Anything made at a certain time, in milliseconds since the epoch. */
export interface Dated {
  readonly createdAtMs: number;
}

/** The key to write or sign with now, and when each older one was replaced. */
export interface Schedule<K extends Dated> {
  readonly active: K;
  /** Newest first; not in use before their time has come. */
  readonly waiting: readonly K[];
  /** Newest first; `replacedAtMs` is when the next newer key was first used. */
  readonly replaced: readonly { readonly key: K; readonly replacedAtMs: number }[];
}

/**
 * The newest key that is at least `delayMs` old is used; when there is none, the oldest, so that a
 * first key is used at once. Depends on nothing but the keys and the time: replicas that see the
 * same keys agree, and one that does not yet see the newest uses one that all others still know.
 * Undefined when there are no keys.
 */
export function scheduleOf<K extends Dated>(
  keys: readonly K[],
  nowMs: number,
  delayMs: number,
): Schedule<K> | undefined {
  const newestFirst = keys.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const due = newestFirst.findIndex(({ createdAtMs }) => createdAtMs + delayMs <= nowMs);
  const at = due === -1 ? newestFirst.length - 1 : due;
  const active = newestFirst[at];
  if (active === undefined) return undefined;
  return {
    active,
    waiting: newestFirst.slice(0, at),
    replaced: newestFirst.slice(at + 1).map((key, index) => ({
      key,
      replacedAtMs: (newestFirst[at + index] ?? active).createdAtMs + delayMs,
    })),
  };
}
