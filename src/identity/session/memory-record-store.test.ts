import { describe, expect, it } from 'vitest';
import { name, session } from '../../../test/contract/record-store-fixture.ts';
import { describeRecordStore } from '../../../test/contract/record-store.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { MemoryRecordStore } from './memory-record-store.ts';

describeRecordStore('MemoryRecordStore', () => {
  const clock = new FakeClock();
  const store = new MemoryRecordStore(clock);
  return Promise.resolve({
    store,
    otherReplica: store,
    nowMs: () => clock.nowMs(),
    async eventually(what, probe) {
      for (let steps = 0; steps < 100; steps++) {
        if (await probe()) return;
        await clock.advance(50);
      }
      throw new Error(`not within 5 s: ${what}`);
    },
    [Symbol.asyncDispose]: () => store.close(),
  });
});

describe('the memory of MemoryRecordStore', () => {
  it('gives back what has expired', async () => {
    const clock = new FakeClock();
    const store = new MemoryRecordStore(clock);
    const person = name();
    const expiresAtMs = clock.nowMs() + 30_000;
    const before = store.size;
    for (let i = 0; i < 100; i++) {
      const providerSid = name();
      await store.createSession(
        name(),
        session(clock.nowMs(), { expiresAtMs, person, providerSid }),
      );
      await store.endSession(name(), 'signed_out', expiresAtMs);
      await store.putProviderRecord(name(), Buffer.from('sealed'), expiresAtMs);
      await store.acquireLease(name(), 30_000);
      await store.remember(name(), expiresAtMs);
    }
    const survivor = name();
    await store.createSession(
      survivor,
      session(clock.nowMs(), { expiresAtMs: expiresAtMs + 120_000 }),
    );
    expect(store.size).toBeGreaterThan(600);
    await clock.advance(60_000);
    // The survivor's record and its person's index.
    expect(store.size - before).toBe(2);
    expect(await store.readSession(survivor)).toMatchObject({ kind: 'live' });
    await store.close();
  });
});
