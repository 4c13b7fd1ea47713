// Owns the interface of the store under sessions: sealed bytes by key, compare-and-set, tombstones,
// leases with fencing. One conformance suite runs on every implementation.
import type { ReasonCode } from '../../kernel/reasons.ts';

/** The store could not be asked or did not answer in time. Says nothing about any session. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export type StoredSession =
  | {
      readonly kind: 'live';
      readonly revision: number;
      readonly sealed: Buffer;
      readonly lastUsedAtMs: number;
    }
  /** A tombstone: the session was ended, and stays ended until its absolute limit. */
  | { readonly kind: 'ended'; readonly reason: ReasonCode }
  /** Neither record nor tombstone: the store lost it, or it never existed. */
  | { readonly kind: 'missing' };

export interface NewSession {
  readonly sealed: Buffer;
  readonly lastUsedAtMs: number;
  /** Absolute limit: the store forgets record and tombstone then. */
  readonly expiresAtMs: number;
  /** Key of the person (issuer, client, sub), for refresh and logout by `sub`. */
  readonly person: string;
  /** Key of the provider's session id, for logout by `sid`. */
  readonly providerSid: string | undefined;
}

export interface StoredProviderRecord {
  readonly revision: number;
  readonly sealed: Buffer;
}

/** A lease on a name. `fence` grows with every grant; a write with an older fence is refused. */
export interface Lease {
  readonly fence: number;
  /** False when the lease was lost. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/** Keys are opaque, hashed strings. Every method may throw StoreUnavailable, and nothing else. */
export interface RecordStore {
  readSession(key: string): Promise<StoredSession>;
  /** `exists` when the key has a record or a tombstone. First revision is 1. */
  createSession(key: string, session: NewSession): Promise<'created' | 'exists'>;
  /** Writes only over the expected revision; never over a tombstone, never where nothing is. */
  replaceSession(
    key: string,
    sealed: Buffer,
    expectedRevision: number,
  ): Promise<'written' | 'conflict' | 'ended' | 'missing'>;
  /**
   * Deletes the record and leaves a tombstone until `untilMs`, or until the record's own absolute
   * limit when that is later; also where nothing was. The first reason stays. A store whose data
   * can be lost writes its own ends of the last ten minutes again after a reconnect or failover, and
   * one that it could not write when it can; its ChangeChannel announces their keys.
   */
  endSession(key: string, reason: ReasonCode, untilMs: number): Promise<void>;
  /** Raises last-use times (milliseconds since the epoch); never lowers, never creates. */
  touchSessions(uses: ReadonlyMap<string, number>): Promise<void>;
  /**
   * Never misses a session, one whose record is just being written included: to end all of them,
   * end every key. May name sessions that have ended, until their absolute limit.
   */
  sessionsOfPerson(person: string): Promise<readonly string[]>;
  /** As sessionsOfPerson. */
  sessionsOfProviderSid(providerSid: string): Promise<readonly string[]>;

  readProviderRecord(person: string): Promise<StoredProviderRecord | undefined>;
  /**
   * A sign-in: replaces whatever was there, and raises the revision. Never shortens the record's
   * life: others than this sign-in may live by it.
   */
  putProviderRecord(person: string, sealed: Buffer, expiresAtMs: number): Promise<void>;
  /** A refresh: only over the expected revision, and only with the newest fence granted for `person`. */
  replaceProviderRecord(
    person: string,
    sealed: Buffer,
    expected: { readonly revision: number; readonly fence: number },
  ): Promise<'written' | 'conflict' | 'fenced'>;
  /** Lets the record live until `untilMs` at least; changes nothing else. False when there is none. */
  extendProviderRecord(person: string, untilMs: number): Promise<boolean>;
  deleteProviderRecord(person: string): Promise<void>;
  /** One holder per person across all replicas; undefined while somebody else holds it. */
  acquireLease(person: string, leaseMs: number): Promise<Lease | undefined>;

  /** Whether `id` was remembered and `untilMs` of then has not passed. */
  isRemembered(id: string): Promise<boolean>;
  /** True for the one who came first, however many replicas try at once: `id` was not remembered before. */
  remember(id: string, untilMs: number): Promise<boolean>;
  close(): Promise<void>;
}
