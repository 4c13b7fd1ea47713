// Owns the bounded cache of sessions: by cookie value for requests, by store key for changes.

export interface CacheEntry {
  /** The whole cookie value, verified before it came here and too long to guess. */
  readonly cookie: string;
  readonly key: string;
}

class Generation<Entry extends CacheEntry> {
  readonly byCookie = new Map<string, Entry>();
  readonly byKey = new Map<string, Entry>();

  add(entry: Entry): void {
    this.byCookie.set(entry.cookie, entry);
    this.byKey.set(entry.key, entry);
  }

  remove(entry: CacheEntry): void {
    this.byCookie.delete(entry.cookie);
    this.byKey.delete(entry.key);
  }
}

/**
 * Keeps the entries in two generations of half the limit each. An entry that is asked for is in the
 * young one; when that is full, it becomes the old one, and what was still in the old one is dropped.
 * So at least the half that was used last is held, and a hit writes nothing, unlike in an LRU list.
 */
export class SessionCache<Entry extends CacheEntry> {
  readonly #limit: number;
  #young = new Generation<Entry>();
  #old = new Generation<Entry>();

  /** `limit` is the most entries held, at least 2. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#young.byCookie.size + this.#old.byCookie.size;
  }

  get(cookie: string): Entry | undefined {
    const entry = this.#young.byCookie.get(cookie);
    if (entry !== undefined) return entry;
    const old = this.#old.byCookie.get(cookie);
    if (old !== undefined) this.put(old);
    return old;
  }

  /** The entry of a store key; does not count as use. */
  byKey(key: string): Entry | undefined {
    return this.#young.byKey.get(key) ?? this.#old.byKey.get(key);
  }

  entries(): readonly Entry[] {
    return [...this.#young.byKey.values(), ...this.#old.byKey.values()];
  }

  /** Adds an entry; one with the same cookie and key makes room for it. */
  put(entry: Entry): void {
    this.#old.remove(entry);
    this.#young.add(entry);
    if (this.#young.byCookie.size * 2 < this.#limit) return;
    this.#old = this.#young;
    this.#young = new Generation();
  }
}
