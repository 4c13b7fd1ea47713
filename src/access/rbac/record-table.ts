// Owns the objects of one type, by namespace and in order of their names.
import { withInserted, withoutIndex } from './compact-list.ts';
import type { ObjectKey } from './rbac-records.ts';

/** A sorted list per namespace takes a third of a Map's room; the API server lists in this order. */
export class RecordTable<T extends ObjectKey, Stored extends T = T> {
  readonly #namespaces = new Map<string, Stored[]>();
  readonly #stored: (record: T) => Stored;

  /** `stored` makes of a record what is kept of it, under the same key. */
  constructor(stored: (record: T) => Stored) {
    this.#stored = stored;
  }

  get({ namespace, name }: ObjectKey): Stored | undefined {
    const records = this.#namespaces.get(namespace);
    if (records === undefined) return undefined;
    const found = records[seatOf(records, name)];
    return found?.name === name ? found : undefined;
  }

  /** Adds or replaces; returns what was there before. */
  put(record: T): Stored | undefined {
    const added = this.#stored(record);
    const { namespace, name } = added;
    const records = this.#namespaces.get(namespace);
    if (records === undefined) {
      this.#namespaces.set(namespace, [added]);
      return undefined;
    }
    const seat = seatOf(records, name);
    const before = records[seat];
    if (before?.name === name) {
      records[seat] = added;
      return before;
    }
    this.#namespaces.set(namespace, withInserted(records, seat, added));
    return undefined;
  }

  /** Returns what was there. */
  delete({ namespace, name }: ObjectKey): Stored | undefined {
    const records = this.#namespaces.get(namespace);
    if (records === undefined) return undefined;
    const seat = seatOf(records, name);
    const found = records[seat];
    if (found?.name !== name) return undefined;
    if (records.length === 1) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, withoutIndex(records, seat));
    return found;
  }

  /** The objects of one namespace, by name. */
  in(namespace: string): readonly Stored[] {
    return this.#namespaces.get(namespace) ?? [];
  }
}

/** Where `name` is, or would be. */
function seatOf(records: readonly ObjectKey[], name: string): number {
  const last = records.at(-1);
  if (last === undefined || last.name < name) return records.length;
  let from = 0;
  let to = records.length - 1;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const candidate = records[middle];
    if (candidate !== undefined && candidate.name < name) from = middle + 1;
    else to = middle;
  }
  return from;
}
