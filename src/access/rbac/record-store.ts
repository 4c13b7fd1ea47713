// Owns the generations of one type: the one in force, and the one that is being built beside it.
import type { ObjectKey, ObjectRecord } from './rbac-records.ts';
import type { Generation, RecordSink } from './record-sink.ts';
import type { RecordTable } from './record-table.ts';

export interface Table<T> {
  get(key: ObjectKey): T | undefined;
  put(record: T): unknown;
  /** Returns what was there. */
  delete(key: ObjectKey): T | undefined;
}

interface StoreParts<T, S extends Table<T>> {
  readonly makeTable: () => S;
  /** Whether one in place of the other changes no answer. */
  readonly isSame: (a: T, b: T) => boolean;
  /** Called after every change that may change an answer; a new generation counts as one. */
  readonly onChange: () => void;
}

export class RecordStore<
  T extends ObjectRecord,
  S extends Table<T> = RecordTable<T>,
> implements RecordSink<T> {
  readonly #parts: StoreParts<T, S>;
  #current: S;
  #growing: S | undefined;

  constructor(parts: StoreParts<T, S>) {
    this.#parts = parts;
    this.#current = parts.makeTable();
  }

  /** The generation in force; ask again every time, it is replaced as a whole. */
  get current(): S {
    return this.#current;
  }

  begin(): Generation<T> {
    const table = this.#parts.makeTable();
    this.#growing = table;
    const mustBeGrowing = (): void => {
      if (this.#growing !== table) throw new Error('This generation is not being built any more.');
    };
    return {
      add(record) {
        mustBeGrowing();
        table.put(record);
      },
      commit: () => {
        mustBeGrowing();
        this.#growing = undefined;
        this.#current = table;
        this.#parts.onChange();
      },
    };
  }

  upsert(record: T): void {
    const before = this.#current.get(record);
    const isSame = before !== undefined && this.#parts.isSame(before, record);
    if (isSame && before.uid === record.uid) return;
    this.#current.put(record);
    if (!isSame) this.#parts.onChange();
  }

  remove(key: ObjectKey): void {
    if (this.#current.delete(key) !== undefined) this.#parts.onChange();
  }
}
