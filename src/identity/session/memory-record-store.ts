// Owns the session store of a gateway that runs alone: everything in this process, gone with it.
// Same semantics as the Redis store; one conformance suite holds both to them.
import { every, type Cancel, type Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import {
  StoreUnavailable,
  type Lease,
  type NewSession,
  type RecordStore,
  type StoredProviderRecord,
  type StoredSession,
} from './record-store.ts';

interface Expiring {
  readonly expiresAtMs: number;
}
type Expires<T> = T & Expiring;
type Present = Exclude<StoredSession, { kind: 'missing' }>;
interface FencedRecord extends StoredProviderRecord {
  /** The newest fence granted while the record was there. */
  readonly fence: number;
}
interface HeldLease {
  readonly fence: number;
  readonly expiresAtMonotonicMs: number;
}

const SWEEP_EVERY_MS = MINUTE_MS;

export class MemoryRecordStore implements RecordStore {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Expires<Present>>();
  readonly #keysOfPerson = new Map<string, Map<string, Expiring>>();
  readonly #keysOfProviderSid = new Map<string, Map<string, Expiring>>();
  readonly #providerRecords = new Map<string, Expires<FencedRecord>>();
  readonly #leases = new Map<string, HeldLease>();
  readonly #remembered = new Map<string, Expiring>();
  readonly #stopSweeping: Cancel;
  /** Numbers provider revisions and fences of all persons, so that none ever comes twice. */
  #counter = 0;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stopSweeping = every(clock, SWEEP_EVERY_MS, () => {
      this.#sweep();
    });
  }

  /** How many entries are held, expired ones included until the next sweep. */
  get size(): number {
    const maps = [this.#sessions, this.#providerRecords, this.#remembered, this.#leases];
    const indexes = [this.#keysOfPerson, this.#keysOfProviderSid];
    return [...maps, ...indexes].reduce((sum, map) => sum + map.size, 0);
  }

  readSession(key: string): Promise<StoredSession> {
    return this.#answer(() => {
      const found = this.#unexpired(this.#sessions, key);
      if (found === undefined) return { kind: 'missing' };
      if (found.kind === 'ended') return { kind: 'ended', reason: found.reason };
      const { revision, sealed, lastUsedAtMs } = found;
      return { kind: 'live', revision, sealed: Buffer.from(sealed), lastUsedAtMs };
    });
  }

  createSession(key: string, session: NewSession): Promise<'created' | 'exists'> {
    return this.#answer(() => {
      const { lastUsedAtMs, expiresAtMs, person, providerSid } = session;
      addToIndex(this.#keysOfPerson, person, key, expiresAtMs);
      if (providerSid !== undefined) {
        addToIndex(this.#keysOfProviderSid, providerSid, key, expiresAtMs);
      }
      if (this.#unexpired(this.#sessions, key) !== undefined) return 'exists';
      const sealed = Buffer.from(session.sealed);
      this.#sessions.set(key, { kind: 'live', revision: 1, sealed, lastUsedAtMs, expiresAtMs });
      return 'created';
    });
  }

  replaceSession(
    key: string,
    sealed: Buffer,
    expectedRevision: number,
  ): Promise<'written' | 'conflict' | 'ended' | 'missing'> {
    return this.#answer(() => {
      const found = this.#unexpired(this.#sessions, key);
      if (found === undefined) return 'missing';
      if (found.kind === 'ended') return 'ended';
      if (found.revision !== expectedRevision) return 'conflict';
      const revision = found.revision + 1;
      this.#sessions.set(key, { ...found, revision, sealed: Buffer.from(sealed) });
      return 'written';
    });
  }

  endSession(key: string, reason: ReasonCode, untilMs: number): Promise<void> {
    return this.#answer(() => {
      const found = this.#unexpired(this.#sessions, key);
      const expiresAtMs = Math.max(untilMs, found?.expiresAtMs ?? 0);
      const firstReason = found?.kind === 'ended' ? found.reason : reason;
      this.#sessions.set(key, { kind: 'ended', reason: firstReason, expiresAtMs });
    });
  }

  touchSessions(uses: ReadonlyMap<string, number>): Promise<void> {
    return this.#answer(() => {
      for (const [key, usedAtMs] of uses) {
        const found = this.#unexpired(this.#sessions, key);
        if (found?.kind !== 'live' || found.lastUsedAtMs >= usedAtMs) continue;
        this.#sessions.set(key, { ...found, lastUsedAtMs: usedAtMs });
      }
    });
  }

  sessionsOfPerson(person: string): Promise<readonly string[]> {
    return this.#answer(() => this.#indexed(this.#keysOfPerson, person));
  }

  sessionsOfProviderSid(providerSid: string): Promise<readonly string[]> {
    return this.#answer(() => this.#indexed(this.#keysOfProviderSid, providerSid));
  }

  readProviderRecord(person: string): Promise<StoredProviderRecord | undefined> {
    return this.#answer(() => {
      const found = this.#unexpired(this.#providerRecords, person);
      return found && { revision: found.revision, sealed: Buffer.from(found.sealed) };
    });
  }

  putProviderRecord(person: string, sealed: Buffer, expiresAtMs: number): Promise<void> {
    return this.#answer(() => {
      const found = this.#unexpired(this.#providerRecords, person);
      this.#providerRecords.set(person, {
        revision: this.#next(),
        sealed: Buffer.from(sealed),
        fence: found?.fence ?? 0,
        expiresAtMs: Math.max(expiresAtMs, found?.expiresAtMs ?? 0),
      });
    });
  }

  replaceProviderRecord(
    person: string,
    sealed: Buffer,
    expected: { readonly revision: number; readonly fence: number },
  ): Promise<'written' | 'conflict' | 'fenced'> {
    return this.#answer(() => {
      const found = this.#unexpired(this.#providerRecords, person);
      if (found === undefined) return 'conflict';
      if (expected.fence < found.fence) return 'fenced';
      if (expected.revision !== found.revision) return 'conflict';
      const revision = this.#next();
      this.#providerRecords.set(person, { ...found, revision, sealed: Buffer.from(sealed) });
      return 'written';
    });
  }

  extendProviderRecord(person: string, untilMs: number): Promise<boolean> {
    return this.#answer(() => {
      const found = this.#unexpired(this.#providerRecords, person);
      if (found === undefined) return false;
      const expiresAtMs = Math.max(untilMs, found.expiresAtMs);
      this.#providerRecords.set(person, { ...found, expiresAtMs });
      return true;
    });
  }

  deleteProviderRecord(person: string): Promise<void> {
    return this.#answer(() => {
      this.#providerRecords.delete(person);
    });
  }

  acquireLease(person: string, leaseMs: number): Promise<Lease | undefined> {
    return this.#answer(() => {
      if (this.#holder(person) !== undefined) return undefined;
      const fence = this.#next();
      const record = this.#unexpired(this.#providerRecords, person);
      if (record !== undefined) this.#providerRecords.set(person, { ...record, fence });
      this.#hold(person, fence, leaseMs);
      return this.#lease(person, fence, leaseMs);
    });
  }

  isRemembered(id: string): Promise<boolean> {
    return this.#answer(() => this.#unexpired(this.#remembered, id) !== undefined);
  }

  remember(id: string, untilMs: number): Promise<boolean> {
    return this.#answer(() => {
      if (this.#unexpired(this.#remembered, id) !== undefined) return false;
      this.#remembered.set(id, { expiresAtMs: untilMs });
      return true;
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#stopSweeping();
    return Promise.resolve();
  }

  #lease(person: string, fence: number, leaseMs: number): Lease {
    return {
      fence,
      renew: () =>
        this.#answer(() => {
          if (this.#holder(person)?.fence !== fence) return false;
          this.#hold(person, fence, leaseMs);
          return true;
        }),
      release: () =>
        this.#answer(() => {
          if (this.#holder(person)?.fence === fence) this.#leases.delete(person);
        }),
    };
  }

  #hold(person: string, fence: number, leaseMs: number): void {
    const expiresAtMonotonicMs = this.#clock.monotonicMs() + leaseMs;
    this.#leases.set(person, { fence, expiresAtMonotonicMs });
  }

  #holder(person: string): HeldLease | undefined {
    const held = this.#leases.get(person);
    return held !== undefined && held.expiresAtMonotonicMs > this.#clock.monotonicMs()
      ? held
      : undefined;
  }

  #indexed(index: ReadonlyMap<string, ReadonlyMap<string, Expiring>>, name: string): string[] {
    const entries = [...(index.get(name) ?? [])];
    return entries.filter(([, entry]) => this.#isUnexpired(entry)).map(([key]) => key);
  }

  #unexpired<T extends Expiring>(map: ReadonlyMap<string, T>, key: string): T | undefined {
    const found = map.get(key);
    return found !== undefined && this.#isUnexpired(found) ? found : undefined;
  }

  #isUnexpired({ expiresAtMs }: Expiring): boolean {
    return expiresAtMs > this.#clock.nowMs();
  }

  #next(): number {
    this.#counter += 1;
    return this.#counter;
  }

  /** What throws inside rejects the promise, as in a store behind a network. */
  #answer<T>(operation: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#isClosed) throw new StoreUnavailable('the session store is closed');
      resolve(operation());
    });
  }

  #sweep(): void {
    const maps = [this.#sessions, this.#providerRecords, this.#remembered];
    for (const map of maps) this.#removeExpired(map);
    for (const index of [this.#keysOfPerson, this.#keysOfProviderSid]) {
      for (const [name, keys] of index) {
        this.#removeExpired(keys);
        if (keys.size === 0) index.delete(name);
      }
    }
    for (const person of this.#leases.keys()) {
      if (this.#holder(person) === undefined) this.#leases.delete(person);
    }
  }

  #removeExpired(map: Map<string, Expiring>): void {
    for (const [key, entry] of map) {
      if (!this.#isUnexpired(entry)) map.delete(key);
    }
  }
}

function addToIndex(
  index: Map<string, Map<string, Expiring>>,
  name: string,
  key: string,
  expiresAtMs: number,
): void {
  const keys = index.get(name) ?? new Map<string, Expiring>();
  index.set(name, keys.set(key, { expiresAtMs }));
}
