import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { settled } from '../../../test/fixtures/session-replicas.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { systemRandom } from '../../kernel/random.ts';
import { StoreUnavailable } from './record-store.ts';
import { UseJournal } from './use-journal.ts';

let clock: FakeClock;
let batches: ReadonlyMap<string, number>[];
let failsAfter: number;
let beforeTouch: () => Promise<unknown>;
let journal: UseJournal;

beforeEach(() => {
  clock = new FakeClock();
  batches = [];
  failsAfter = Infinity;
  beforeTouch = () => Promise.resolve();
  journal = new UseJournal({
    store: {
      touchSessions: async (uses) => {
        await beforeTouch();
        if (batches.length >= failsAfter) throw new StoreUnavailable('down');
        batches.push(uses);
      },
    },
    clock,
    random: systemRandom,
    logger: silentLogger,
    flushMs: 30 * SECOND_MS,
  });
});
afterEach(() => journal.close());

async function nextFlush(): Promise<void> {
  await clock.advance(30 * SECOND_MS);
  await settled();
}

describe('last uses', () => {
  it('are written back once per period, the last one of each session', async () => {
    journal.note('one', 1);
    journal.note('two', 2);
    journal.note('one', 3);
    expect(batches).toEqual([]);
    await nextFlush();
    expect(batches).toEqual([
      new Map([
        ['one', 3],
        ['two', 2],
      ]),
    ]);
    await nextFlush();
    expect(batches).toHaveLength(1);
    journal.note('one', 4);
    await nextFlush();
    expect(batches).toHaveLength(2);
  });

  it('are written in batches that do not hold up a store', async () => {
    for (let session = 0; session < 1201; session++) journal.note(`session-${session}`, session);
    await nextFlush();
    expect(batches.map(({ size }) => size)).toEqual([500, 500, 201]);
  });

  it('wait for a store that fails, and none gets lost or goes back', async () => {
    for (let session = 0; session < 1201; session++) journal.note(`session-${session}`, 1);
    failsAfter = 1;
    const flushing = nextFlush();
    journal.note('session-1000', 2);
    await flushing;
    expect(batches).toHaveLength(1);
    failsAfter = Infinity;
    await nextFlush();
    const written = new Map(batches.flatMap((batch) => [...batch]));
    expect(written.size).toBe(1201);
    expect(written.get('session-1000')).toBe(2);
  });

  it('are written back once more at the end, and never again', async () => {
    journal.note('one', 1);
    await journal.close();
    expect(batches).toHaveLength(1);
    journal.note('one', 2);
    await nextFlush();
    expect(batches).toHaveLength(1);
  });

  it('are not written any more after an end that came while they were being written', async () => {
    const slow = Promise.withResolvers<undefined>();
    beforeTouch = () => slow.promise;
    journal.note('one', 1);
    await nextFlush();
    let isClosed = false;
    const closed = journal.close().then(() => (isClosed = true));
    await settled();
    expect(isClosed).toBe(false);
    beforeTouch = () => Promise.resolve();
    slow.resolve(undefined);
    await closed;
    await settled();
    journal.note('two', 2);
    await nextFlush();
    expect(batches).toHaveLength(1);
  });

  it('do not keep the end from coming when the store fails', async () => {
    journal.note('one', 1);
    failsAfter = 0;
    await journal.close();
    failsAfter = Infinity;
    await nextFlush();
    expect(batches).toEqual([]);
  });
});
