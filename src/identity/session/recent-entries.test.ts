import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { RecentEntries } from './recent-entries.ts';

describe('RecentEntries', () => {
  it('forgets after a while, counted from the last addition', async () => {
    const clock = new FakeClock();
    const recent = new RecentEntries<number>(clock, { keepMs: 1_000, most: 10 });
    recent.add('a', 1);
    recent.add('b', 2);
    await clock.advance(600);
    recent.add('a', 3);
    await clock.advance(600);
    expect(recent.list()).toEqual([['a', 3]]);
    await clock.advance(600);
    expect(recent.list()).toEqual([]);
  });

  it('lets the oldest make room', () => {
    const recent = new RecentEntries<number>(new FakeClock(), { keepMs: 1_000, most: 3 });
    for (const [index, key] of ['a', 'b', 'c', 'd', 'b', 'e'].entries()) recent.add(key, index);
    expect(recent.list()).toEqual([
      ['d', 3],
      ['b', 4],
      ['e', 5],
    ]);
  });
});
