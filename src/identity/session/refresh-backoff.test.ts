import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { RefreshBackoff } from './refresh-backoff.ts';

describe('the pause after a refresh that failed', () => {
  const latest = { bytes: (length: number) => Buffer.alloc(length, 0xff) };
  const earliest = { bytes: (length: number) => Buffer.alloc(length) };

  async function pauses(random: typeof latest, count: number): Promise<number[]> {
    const clock = new FakeClock();
    const backoff = new RefreshBackoff(clock, random);
    const lengths: number[] = [];
    for (let failure = 0; failure < count; failure++) {
      backoff.failed('person');
      const startMs = clock.nowMs();
      while (backoff.isPaused('person')) await clock.advance(500);
      lengths.push(clock.nowMs() - startMs);
    }
    return lengths;
  }

  it('doubles up to ten minutes', async () => {
    const seconds = (await pauses(latest, 8)).map((ms) => ms / SECOND_MS);
    expect(seconds).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
  });

  it('is shorter by up to a half, by chance', async () => {
    expect(await pauses(earliest, 2)).toEqual([5 * SECOND_MS, 10 * SECOND_MS]);
  });

  it('is that of one person, and over with the first success', () => {
    const backoff = new RefreshBackoff(new FakeClock(), latest);
    for (let failure = 0; failure < 5; failure++) backoff.failed('person');
    expect(backoff.isPaused('colleague')).toBe(false);
    backoff.succeeded('person');
    expect(backoff.isPaused('person')).toBe(false);
  });

  it('is forgotten for the oldest of very many persons', async () => {
    const clock = new FakeClock();
    const backoff = new RefreshBackoff(clock, latest);
    for (let person = 0; person <= 100_000; person++) backoff.failed(`person-${person}`);
    expect(backoff.isPaused('person-0')).toBe(false);
    expect(backoff.isPaused('person-1')).toBe(true);
    await clock.advance(MINUTE_MS);
    expect(backoff.isPaused('person-1')).toBe(false);
  });
});
