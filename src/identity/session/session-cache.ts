// Owns the bounded cache of sessions: by cookie value for requests, by store key for changes.

export interface CacheEntry {
  /** The whole cookie value, verified before it came here and too long to guess. */
  readonly cookie: string;
  readonly key: string;
}

/** At the limit, the entry that was not asked for the longest makes room. */
export class SessionCache<Entry extends CacheEntry> {
  readonly #limit: number;
  /** In the order of last use: a Map yields its entries in the order of insertion. */
  readonly #byCookie = new Map<string, Entry>();
  readonly #byKey = new Map<string, Entry>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#byCookie.size;
  }

  /** The entry of a cookie, which is now the most recently used. */
  get(cookie: string): Entry | undefined {
    const entry = this.#byCookie.get(cookie);
    if (entry === undefined) return undefined;
    this.#byCookie.delete(cookie);
    this.#byCookie.set(cookie, entry);
    return entry;
  }

  /** The entry of a store key; does not count as use. */
  byKey(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  entries(): Iterable<Entry> {
    return this.#byKey.values();
  }

  put(entry: Entry): void {
    this.#byCookie.delete(entry.cookie);
    this.#byCookie.set(entry.cookie, entry);
    this.#byKey.set(entry.key, entry);
    if (this.#byCookie.size > this.#limit) this.#dropOldest();
  }

  /** Removes this very entry; one that has taken its place stays. */
  delete(entry: Entry): void {
    if (this.#byCookie.get(entry.cookie) === entry) this.#byCookie.delete(entry.cookie);
    if (this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key);
  }

  #dropOldest(): void {
    for (const oldest of this.#byCookie.values()) {
      this.delete(oldest);
      return;
    }
  }
}
