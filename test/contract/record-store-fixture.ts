// What the conformance suite of RecordStore needs: the store under test, and things to put in it.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Lease, NewSession, RecordStore } from '../../src/identity/session/record-store.ts';

/** Long enough to see a thing before it expires, in milliseconds. */
export const SHORT_MS = 400;
/** Longer than any test, in milliseconds. */
export const LONG_MS = 60_000;

/** A store under test, with its own idea of time: a fake clock, or the real one. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: RecordStore;
  /** Another replica's view of the same data; the same object where there can be only one. */
  readonly otherReplica: RecordStore;
  readonly nowMs: () => number;
  /** Lets time pass until the probe answers true; rejects when it does not within seconds. */
  readonly eventually: (what: string, probe: () => Promise<boolean>) => Promise<void>;
}

/** One call of every operation, for tests of a store that cannot answer. */
export function everyCall(store: RecordStore, untilMs: number): readonly Promise<unknown>[] {
  const bytes = Buffer.from('bytes');
  return [
    store.readSession(name()),
    store.createSession(name(), session(untilMs - LONG_MS)),
    store.replaceSession(name(), bytes, 1),
    store.endSession(name(), 'signed_out', untilMs),
    store.touchSessions(new Map([[name(), untilMs]])),
    store.sessionsOfPerson(name()),
    store.sessionsOfProviderSid(name()),
    store.readProviderRecord(name()),
    store.putProviderRecord(name(), bytes, untilMs),
    store.replaceProviderRecord(name(), bytes, { revision: 1, fence: 1 }),
    store.extendProviderRecord(name(), untilMs),
    store.deleteProviderRecord(name()),
    store.acquireLease(name(), SHORT_MS),
    store.isRemembered(name()),
    store.remember(name(), untilMs),
  ];
}

/** A key that no other test uses: stores are shared by the tests of a suite. */
export function name(): string {
  return randomUUID();
}

/** A session that lives for a minute from `nowMs`, with whatever the test cares about. */
export function session(nowMs: number, given: Partial<NewSession> = {}): NewSession {
  return {
    sealed: Buffer.from('sealed'),
    lastUsedAtMs: nowMs,
    expiresAtMs: nowMs + LONG_MS,
    person: name(),
    providerSid: undefined,
    ...given,
  };
}

export async function created(
  { store, nowMs }: StoreUnderTest,
  given: Partial<NewSession> = {},
): Promise<string> {
  const key = name();
  expect(await store.createSession(key, session(nowMs(), given))).toBe('created');
  return key;
}

export async function lease(store: RecordStore, person: string, leaseMs = LONG_MS): Promise<Lease> {
  const granted = await store.acquireLease(person, leaseMs);
  if (granted === undefined) throw new Error('the lease was not granted');
  return granted;
}

export async function providerRecord(
  store: RecordStore,
  person: string,
): Promise<{ readonly revision: number; readonly sealed: Buffer }> {
  const found = await store.readProviderRecord(person);
  if (found === undefined) throw new Error('there is no provider record');
  return found;
}
