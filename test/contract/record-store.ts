// The conformance suite of RecordStore: what every implementation must do, whatever lies under it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/identity/session/record-store.ts';
import { everyCall, lease, LONG_MS, name, type StoreUnderTest } from './record-store-fixture.ts';
import { describeProviders } from './record-store-provider.ts';
import { describeSessions } from './record-store-sessions.ts';

/** Registers the suite; `open` is called once and its store is closed at the end. */
export function describeRecordStore(title: string, open: () => Promise<StoreUnderTest>): void {
  describe(title, () => {
    let opened: StoreUnderTest;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened[Symbol.asyncDispose]();
    });
    const underTest = (): StoreUnderTest => opened;

    describeSessions(underTest);
    describeProviders(underTest);
    describe('a closed store', () => describeClosing(open));
  });
}

function describeClosing(open: () => Promise<StoreUnderTest>): void {
  it('answers every call with StoreUnavailable and nothing else', async () => {
    await using opened = await open();
    const { store, nowMs } = opened;
    const held = await lease(store, name());
    await store.close();
    await store.close();
    const results = await Promise.allSettled(everyCall(store, nowMs() + LONG_MS));
    const onHeld = await Promise.allSettled([held.renew(), held.release()]);
    for (const result of [...results, ...onHeld]) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(StoreUnavailable);
    }
  });
}
