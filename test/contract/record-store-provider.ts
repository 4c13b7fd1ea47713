// The part of RecordStore's conformance suite about provider records, leases and remembering.
import { describe, expect, it } from 'vitest';
import type { Lease } from '../../src/identity/session/record-store.ts';
import {
  lease,
  LONG_MS,
  name,
  providerRecord,
  SHORT_MS,
  type StoreUnderTest,
} from './record-store-fixture.ts';

/** Registers what holds for provider records, leases and remembered ids. */
export function describeProviders(underTest: () => StoreUnderTest): void {
  describe('a provider record', () => describeProviderRecords(underTest));
  describe('a lease', () => describeLeases(underTest));
  describe('remembering once', () => describeRemembering(underTest));
}

function describeProviderRecords(underTest: () => StoreUnderTest): void {
  it('reads as it was put, at every replica', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const person = name();
    expect(await store.readProviderRecord(person)).toBeUndefined();
    await store.putProviderRecord(person, Buffer.from([0, 200, 10]), nowMs() + LONG_MS);
    const read = await otherReplica.readProviderRecord(person);
    expect(read?.sealed).toEqual(Buffer.from([0, 200, 10]));
  });

  it('is raised by a sign-in, so that a refresh in flight conflicts', async () => {
    const { store, nowMs } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const { revision } = await providerRecord(store, person);
    const held = await lease(store, person);
    await store.putProviderRecord(person, Buffer.from('two'), nowMs() + LONG_MS);
    const after = await providerRecord(store, person);
    expect(after.revision).toBeGreaterThan(revision);
    const late = { revision, fence: held.fence };
    expect(await store.replaceProviderRecord(person, Buffer.from('late'), late)).toBe('conflict');
    expect(await store.readProviderRecord(person)).toEqual({
      revision: after.revision,
      sealed: Buffer.from('two'),
    });
    await held.release();
  });

  it('is replaced once per revision by the holder of the newest fence', async () => {
    const { store, nowMs } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const { revision } = await providerRecord(store, person);
    const { fence } = await lease(store, person);
    const expected = { revision, fence };
    expect(await store.replaceProviderRecord(person, Buffer.from('two'), expected)).toBe('written');
    expect(await store.replaceProviderRecord(person, Buffer.from('again'), expected)).toBe(
      'conflict',
    );
    const after = await providerRecord(store, person);
    expect(after.sealed).toEqual(Buffer.from('two'));
    expect(after.revision).toBeGreaterThan(revision);
  });

  it('is not made by a replacement, not even after it was deleted', async () => {
    const { store, nowMs } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const { revision } = await providerRecord(store, person);
    const { fence } = await lease(store, person);
    await store.deleteProviderRecord(person);
    await store.deleteProviderRecord(person);
    const late = Buffer.from('late');
    expect(await store.replaceProviderRecord(person, late, { revision, fence })).toBe('conflict');
    expect(await store.readProviderRecord(person)).toBeUndefined();
  });

  it('never has the revision of an earlier record of the same person again', async () => {
    const { store, nowMs } = underTest();
    const person = name();
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      await store.putProviderRecord(person, Buffer.from(`${i}`), nowMs() + LONG_MS);
      seen.add((await providerRecord(store, person)).revision);
      await store.deleteProviderRecord(person);
    }
    expect(seen.size).toBe(20);
  });

  it('lives no shorter for a later sign-in, and as long as it was extended', async () => {
    const { store, otherReplica, nowMs, eventually } = underTest();
    const [long, extended, marker] = [name(), name(), name()];
    const soon = nowMs() + SHORT_MS;
    await store.putProviderRecord(long, Buffer.from('one'), nowMs() + LONG_MS);
    await store.putProviderRecord(extended, Buffer.from('one'), soon);
    await store.putProviderRecord(marker, Buffer.from('one'), soon + SHORT_MS);
    await otherReplica.putProviderRecord(long, Buffer.from('two'), soon);
    expect(await otherReplica.extendProviderRecord(extended, nowMs() + LONG_MS)).toBe(true);
    expect(await store.extendProviderRecord(extended, soon)).toBe(true);
    await store.putProviderRecord(extended, Buffer.from('two'), soon);
    await eventually('their first limits have passed', async () => {
      return (await store.readProviderRecord(marker)) === undefined;
    });
    expect((await providerRecord(store, long)).sealed).toEqual(Buffer.from('two'));
    expect((await providerRecord(store, extended)).sealed).toEqual(Buffer.from('two'));
  });

  it('is not changed by being extended, so that a refresh in flight does not conflict', async () => {
    const { store, nowMs } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + SHORT_MS);
    const before = await providerRecord(store, person);
    const { fence } = await lease(store, person);
    await store.extendProviderRecord(person, nowMs() + LONG_MS);
    expect(await store.readProviderRecord(person)).toEqual(before);
    const expected = { revision: before.revision, fence };
    expect(await store.replaceProviderRecord(person, Buffer.from('two'), expected)).toBe('written');
  });

  it('is not made by being extended, and forgets its long life when it is deleted', async () => {
    const { store, nowMs, eventually } = underTest();
    const person = name();
    expect(await store.extendProviderRecord(person, nowMs() + LONG_MS)).toBe(false);
    expect(await store.readProviderRecord(person)).toBeUndefined();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const held = await lease(store, person);
    await store.deleteProviderRecord(person);
    expect(await store.extendProviderRecord(person, nowMs() + LONG_MS)).toBe(false);
    await store.putProviderRecord(person, Buffer.from('two'), nowMs() + SHORT_MS);
    await held.release();
    await eventually('the second is forgotten', async () => {
      return (await store.readProviderRecord(person)) === undefined;
    });
  });

  it('is forgotten at its limit', async () => {
    const { store, nowMs, eventually } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + SHORT_MS);
    const { revision } = await providerRecord(store, person);
    const { fence } = await lease(store, person);
    const expected = { revision, fence };
    expect(await store.replaceProviderRecord(person, Buffer.from('two'), expected)).toBe('written');
    await eventually('the record is forgotten', async () => {
      return (await store.readProviderRecord(person)) === undefined;
    });
  });
}

function describeLeases(underTest: () => StoreUnderTest): void {
  it('has one holder across replicas, and persons do not wait for each other', async () => {
    const { store, otherReplica } = underTest();
    const person = name();
    const held = await lease(store, person);
    expect(await otherReplica.acquireLease(person, LONG_MS)).toBeUndefined();
    await (await lease(otherReplica, name())).release();
    await held.release();
    await (await lease(otherReplica, person)).release();
  });

  it('is granted to exactly one of fifty who ask at once', async () => {
    const { store, otherReplica } = underTest();
    const person = name();
    const asked = Array.from({ length: 50 }, (_, i) =>
      (i % 2 === 0 ? store : otherReplica).acquireLease(person, LONG_MS),
    );
    const granted = (await Promise.all(asked)).filter((found) => found !== undefined);
    expect(granted).toHaveLength(1);
  });

  it('grows its fence with every grant', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const fences: number[] = [];
    for (let i = 0; i < 20; i++) {
      const held = await lease(i % 2 === 0 ? store : otherReplica, person);
      fences.push(held.fence);
      await held.release();
    }
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    expect(fences.every((fence) => Number.isSafeInteger(fence))).toBe(true);
  });

  it('ends by itself, and its holder learns so', async () => {
    const { store, otherReplica, eventually } = underTest();
    const person = name();
    const lost = await lease(store, person, SHORT_MS);
    let next: Lease | undefined;
    await eventually('the lease ends', async () => {
      next = await otherReplica.acquireLease(person, LONG_MS);
      return next !== undefined;
    });
    expect(await lost.renew()).toBe(false);
    await lost.release();
    expect(await store.acquireLease(person, LONG_MS)).toBeUndefined();
    expect(await next?.renew()).toBe(true);
  });

  it('is kept by renewing it', async () => {
    const { store, nowMs, eventually } = underTest();
    const person = name();
    const held = await lease(store, person, SHORT_MS);
    const start = nowMs();
    await eventually('twice the lease has passed', async () => {
      expect(await held.renew()).toBe(true);
      return nowMs() - start > 2 * SHORT_MS;
    });
    expect(await store.acquireLease(person, LONG_MS)).toBeUndefined();
    await held.release();
    expect(await held.renew()).toBe(false);
  });

  it('fences off the late write of a holder that slept past its lease', async () => {
    const { store, otherReplica, nowMs, eventually } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const { revision } = await providerRecord(store, person);
    const sleeper = await lease(store, person, SHORT_MS);
    let next: Lease | undefined;
    await eventually('the lease ends', async () => {
      next = await otherReplica.acquireLease(person, LONG_MS);
      return next !== undefined;
    });
    const late = { revision, fence: sleeper.fence };
    const refreshed = Buffer.from('two');
    // Before the next holder has written: only the fence can tell.
    expect(await store.replaceProviderRecord(person, Buffer.from('late'), late)).toBe('fenced');
    const expected = { revision, fence: next?.fence ?? 0 };
    expect(await otherReplica.replaceProviderRecord(person, refreshed, expected)).toBe('written');
    expect(await store.replaceProviderRecord(person, Buffer.from('late'), late)).toBe('fenced');
    expect((await providerRecord(store, person)).sealed).toEqual(refreshed);
  });

  it('keeps fencing after a sign-in', async () => {
    const { store, nowMs } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const older = await lease(store, person);
    await older.release();
    await (await lease(store, person)).release();
    await store.putProviderRecord(person, Buffer.from('two'), nowMs() + LONG_MS);
    const { revision } = await providerRecord(store, person);
    const late = { revision, fence: older.fence };
    expect(await store.replaceProviderRecord(person, Buffer.from('late'), late)).toBe('fenced');
  });

  it('lets a holder write after its lease ended when nobody else was granted one', async () => {
    const { store, nowMs } = underTest();
    const person = name();
    await store.putProviderRecord(person, Buffer.from('one'), nowMs() + LONG_MS);
    const { revision } = await providerRecord(store, person);
    const held = await lease(store, person);
    await held.release();
    const expected = { revision, fence: held.fence };
    expect(await store.replaceProviderRecord(person, Buffer.from('two'), expected)).toBe('written');
  });
}

function describeRemembering(underTest: () => StoreUnderTest): void {
  it('is known to every replica', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const id = name();
    expect(await otherReplica.isRemembered(id)).toBe(false);
    await store.remember(id, nowMs() + LONG_MS);
    expect(await store.isRemembered(id)).toBe(true);
    expect(await otherReplica.isRemembered(id)).toBe(true);
    expect(await otherReplica.isRemembered(name())).toBe(false);
  });

  it('has one who was first, however many try at once', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const id = name();
    const replicas = [store, otherReplica, store, otherReplica];
    const firsts = await Promise.all(replicas.map((one) => one.remember(id, nowMs() + LONG_MS)));
    expect(firsts.filter(Boolean)).toHaveLength(1);
    expect(await store.isRemembered(id)).toBe(true);
  });

  it('forgets when its time has passed', async () => {
    const { store, nowMs, eventually } = underTest();
    const id = name();
    const untilMs = nowMs() + SHORT_MS;
    await store.remember(id, untilMs);
    await eventually('it is forgotten', async () => !(await store.isRemembered(id)));
    expect(nowMs()).toBeGreaterThanOrEqual(untilMs);
    expect(await store.remember(id, nowMs() + LONG_MS)).toBe(true);
  });
}
