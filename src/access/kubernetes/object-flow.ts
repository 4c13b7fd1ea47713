// Owns the way of one type's objects into the index: read, counted, and never granting what cannot
// be read.
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { ObjectKey, RecordByType, WatchedType } from '../rbac/rbac-records.ts';
import { readRecord } from '../rbac/read-record.ts';
import type { RecordSink } from '../rbac/record-sink.ts';

export interface ObjectFlowParts<T extends WatchedType> {
  readonly type: T;
  readonly sink: RecordSink<RecordByType[T]>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export type ObjectChange = 'ADDED' | 'MODIFIED' | 'DELETED';

/** False: not even the object's name could be read, so that nobody knows what has changed. */
type Applied = boolean;

const COUNT_CHANGE: Readonly<Record<ObjectChange, number>> = { ADDED: 1, MODIFIED: 0, DELETED: -1 };

export class ObjectFlow<T extends WatchedType> {
  readonly #parts: ObjectFlowParts<T>;
  #count = 0;

  constructor(parts: ObjectFlowParts<T>) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#count;
  }

  /** A whole new state, beside the one in force. */
  begin(): ObjectLoad<T> {
    return new ObjectLoad(this.#parts, (count) => {
      this.#setCount(count);
    });
  }

  /** Puts an event in force, at once. */
  apply(change: ObjectChange, object: unknown): Applied {
    const read = readObject(this.#parts, object);
    if (read.key === undefined) return false;
    const { sink, metrics, type } = this.#parts;
    metrics.increment('kfgw_rbac_watch_events_total', { type });
    if (change === 'DELETED' || read.record === undefined) sink.remove(read.key);
    else sink.upsert(read.record);
    this.#setCount(this.#count + COUNT_CHANGE[change]);
    return true;
  }

  #setCount(count: number): void {
    this.#count = count;
    this.#parts.metrics.set('kfgw_rbac_objects', { type: this.#parts.type }, count);
  }
}

/** A state being loaded; without `commit` it changes nothing. */
export class ObjectLoad<T extends WatchedType> {
  readonly #parts: ObjectFlowParts<T>;
  readonly #generation;
  readonly #onCount: (count: number) => void;
  /** Objects that went again while the rest was still being sent. */
  readonly #gone = new Map<string, ObjectKey>();
  #count = 0;
  #isCommitted = false;

  constructor(parts: ObjectFlowParts<T>, onCount: (count: number) => void) {
    this.#parts = parts;
    this.#generation = parts.sink.begin();
    this.#onCount = onCount;
  }

  get count(): number {
    return this.#count;
  }

  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  apply(change: ObjectChange, object: unknown): Applied {
    const { key, record } = readObject(this.#parts, object);
    if (key === undefined) return false;
    const name = `${key.namespace}/${key.name}`;
    if (change === 'DELETED' || record === undefined) {
      this.#gone.set(name, key);
    } else {
      this.#gone.delete(name);
      this.#generation.add(record);
    }
    this.#count += COUNT_CHANGE[change];
    return true;
  }

  /** All in one synchronous turn: nobody is answered from what went in between. */
  commit(): void {
    this.#generation.commit();
    for (const key of this.#gone.values()) this.#parts.sink.remove(key);
    this.#onCount(this.#count);
    this.#isCommitted = true;
  }
}

/** Without a record where the object cannot be read, without a key where its name cannot either. */
function readObject<T extends WatchedType>(
  { type, logger, metrics }: ObjectFlowParts<T>,
  object: unknown,
): { readonly key?: ObjectKey; readonly record?: RecordByType[T] } {
  const read = readRecord(type, object);
  if (read.kind === 'record') return { key: read.record, record: read.record };
  const { key, problem } = read;
  metrics.increment('kfgw_rbac_unreadable_objects_total', { type });
  logger.error('An object of the API server cannot be read; it grants nothing.', {
    type,
    ...key,
    problem,
  });
  return key === undefined ? {} : { key };
}
