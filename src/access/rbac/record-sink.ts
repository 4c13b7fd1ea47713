// Owns how a source of policy (API server, manifests) fills the index, one type at a time.
import type { ObjectKey, RecordByType, WatchedType } from './rbac-records.ts';

/** A whole new state of one type, built beside the one in force. */
export interface Generation<T> {
  /** Cheap: a few microseconds. The same key again replaces what was added before. */
  add(record: T): void;
  /** Puts the generation in force, in one synchronous turn that does not depend on its size. */
  commit(): void;
}

/** All of it is synchronous: an event counts from the moment the call returns. */
export interface RecordSink<T> {
  /** A generation that is never committed changes nothing; only the newest one can be. */
  begin(): Generation<T>;
  /** Creates or replaces. An object of the same name with another uid is another object. */
  upsert(record: T): void;
  /** Removing what is not there does nothing. */
  remove(key: ObjectKey): void;
}

export type RecordSinks = { readonly [T in WatchedType]: RecordSink<RecordByType[T]> };
