// Owns the bindings of one type: by name, and by whom they name.
import { withInserted, withoutIndex } from './compact-list.ts';
import type { BindingRecord, ObjectKey } from './rbac-records.ts';
import type { RecordPool } from './record-pool.ts';
import { RecordTable } from './record-table.ts';
import { StoredBinding } from './stored-binding.ts';
import { subjectKey } from './subject-keys.ts';

/** One binding, or several of them: mostly a subject has one in a namespace. */
export type BindingsOfSubject = StoredBinding | StoredBinding[];

/**
 * Every binding stands in the list of each of its subjects, so two that grant the same are two: if
 * one goes, the other still grants.
 */
export class BindingTable {
  readonly #pool: RecordPool;
  readonly #byName = new RecordTable<StoredBinding>((binding) => binding);
  readonly #bySubject = new Map<string, Map<string, BindingsOfSubject>>();
  #state: object = {};

  constructor(pool: RecordPool) {
    this.#pool = pool;
  }

  /** Another object after every change, in this table and in no other: for whoever remembers of it. */
  get state(): object {
    return this.#state;
  }

  get(key: ObjectKey): StoredBinding | undefined {
    return this.#byName.get(key);
  }

  put(record: BindingRecord): void {
    const binding = new StoredBinding(this.#pool.binding(record));
    const before = this.#byName.put(binding);
    if (before !== undefined) this.#unlist(before);
    this.#list(binding);
    this.#state = {};
  }

  /** Returns what was there. */
  delete(key: ObjectKey): StoredBinding | undefined {
    const binding = this.#byName.delete(key);
    if (binding === undefined) return undefined;
    this.#unlist(binding);
    this.#state = {};
    return binding;
  }

  /** The bindings of a namespace, by name. */
  in(namespace: string): readonly StoredBinding[] {
    return this.#byName.in(namespace);
  }

  /** The bindings of a namespace by subject key; undefined where there are none. */
  bySubject(namespace: string): ReadonlyMap<string, BindingsOfSubject> | undefined {
    return this.#bySubject.get(namespace);
  }

  #list(binding: StoredBinding): void {
    if (binding.subjects.length === 0) return;
    let lists = this.#bySubject.get(binding.namespace);
    if (lists === undefined) {
      lists = new Map();
      this.#bySubject.set(binding.namespace, lists);
    }
    for (const key of keysOf(binding)) {
      const listed = lists.get(key);
      if (listed === undefined) lists.set(key, binding);
      else if (!Array.isArray(listed)) lists.set(key, [listed, binding]);
      else lists.set(key, withInserted(listed, listed.length, binding));
    }
  }

  #unlist(binding: StoredBinding): void {
    const lists = this.#bySubject.get(binding.namespace);
    if (lists === undefined) return;
    for (const key of keysOf(binding)) {
      const listed = lists.get(key);
      if (listed === binding) lists.delete(key);
      else if (Array.isArray(listed)) lists.set(key, oneOrMore(listed, binding));
    }
    if (lists.size === 0) this.#bySubject.delete(binding.namespace);
  }
}

function oneOrMore(listed: StoredBinding[], gone: StoredBinding): BindingsOfSubject {
  const rest = withoutIndex(listed, listed.indexOf(gone));
  const [only] = rest;
  return rest.length === 1 && only !== undefined ? only : rest;
}

/** A subject that is named twice counts once. */
function keysOf({ subjects, namespace }: BindingRecord): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const subject of subjects) {
    const key = subjectKey(subject, namespace);
    if (key !== undefined) keys.add(key);
  }
  return keys;
}
