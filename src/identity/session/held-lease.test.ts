import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { FaultyRecordStore } from '../../../test/fixtures/faulty-record-store.ts';
import { settled } from '../../../test/fixtures/session-replicas.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { underLease } from './held-lease.ts';
import { MemoryRecordStore } from './memory-record-store.ts';
import { StoreUnavailable } from './record-store.ts';

let clock: FakeClock;
let store: FaultyRecordStore;
const closing = new AbortController();

beforeEach(() => {
  clock = new FakeClock();
  store = new FaultyRecordStore(new MemoryRecordStore(clock));
});

function parts(signal = closing.signal) {
  return { store, clock, signal };
}

async function pass(seconds: number): Promise<void> {
  for (let quarter = 0; quarter < seconds * 4; quarter++) {
    await clock.advance(250);
    await settled();
  }
}

describe('work under a lease', () => {
  it('is done by one at a time, and the next one does not wait long', async () => {
    const order: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const done = Promise.all([
      underLease(parts(), 'person', async () => {
        order.push('first begins');
        await first.promise;
        order.push('first ends');
      }),
      underLease(parts(), 'person', () => Promise.resolve(order.push('second'))),
    ]);
    await pass(18);
    first.resolve(undefined);
    await pass(1);
    await done;
    expect(order).toEqual(['first begins', 'first ends', 'second']);
  });

  it('keeps its lease for as long as it takes', async () => {
    const work = Promise.withResolvers<undefined>();
    const done = underLease(parts(), 'person', () => work.promise);
    await pass(100);
    expect(await store.inner.acquireLease('person', 1)).toBeUndefined();
    work.resolve(undefined);
    await pass(1);
    await done;
    expect(await store.inner.acquireLease('person', 1)).toBeDefined();
  });

  it('loses its lease when it never ends', async () => {
    const work = Promise.withResolvers<undefined>();
    const done = underLease(parts(), 'person', () => work.promise);
    await pass(140);
    expect(await store.inner.acquireLease('person', 1)).toBeDefined();
    work.resolve(undefined);
    await done;
  });

  it('is not done when somebody else holds the lease all the time', async () => {
    await store.inner.acquireLease('person', 60 * SECOND_MS);
    const done = underLease(parts(), 'person', () => Promise.resolve('done'));
    await pass(21);
    expect(await done).toBeUndefined();
  });

  it('stops waiting when the gateway closes', async () => {
    await store.inner.acquireLease('person', 60 * SECOND_MS);
    const stopping = new AbortController();
    const done = underLease(parts(stopping.signal), 'person', () => Promise.resolve('done'));
    await settled();
    stopping.abort();
    expect(await done).toBeUndefined();
  });

  it('gives the lease back when it fails', async () => {
    const failing = underLease(parts(), 'person', () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await store.inner.acquireLease('person', 1)).toBeDefined();
  });

  it('is not undone by a store that fails when the lease is renewed or given back', async () => {
    const work = Promise.withResolvers<string>();
    const done = underLease(parts(), 'person', () => work.promise);
    await settled();
    store.health = 'down';
    await pass(6);
    work.resolve('done');
    expect(await done).toBe('done');
    expect(store.calls).toContain('renew');
  });

  it('says so when the store cannot be asked for the lease', async () => {
    store.health = 'down';
    const failing = underLease(parts(), 'person', () => Promise.resolve('done'));
    await expect(failing).rejects.toThrow(StoreUnavailable);
  });
});
