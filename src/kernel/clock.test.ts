import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { every, pause, systemClock, within } from './clock.ts';

describe('every', () => {
  it('runs after each period, first after one', async () => {
    const clock = new FakeClock();
    const run = vi.fn();
    every(clock, 100, run);
    expect(run).not.toHaveBeenCalled();
    await clock.advance(350);
    expect(run).toHaveBeenCalledTimes(3);
  });

  it('stops when it is cancelled, also from inside a run', async () => {
    const clock = new FakeClock();
    const run = vi.fn(() => {
      cancel();
    });
    const cancel = every(clock, 100, run);
    await clock.advance(1_000);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('goes on after a run that throws', async () => {
    const clock = new FakeClock();
    const run = vi.fn(() => {
      throw new Error('a bug');
    });
    every(clock, 100, run);
    await clock.advance(100).catch(() => undefined);
    await clock.advance(100).catch(() => undefined);
    expect(run).toHaveBeenCalledTimes(2);
  });
});

describe('pause', () => {
  it('takes its time', async () => {
    const clock = new FakeClock();
    const done = vi.fn();
    void pause(clock, 100).then(done);
    await clock.advance(99);
    expect(done).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(done).toHaveBeenCalledOnce();
  });

  it('ends at once when its signal aborts, before or meanwhile', async () => {
    const clock = new FakeClock();
    await pause(clock, 100, AbortSignal.abort());
    const abort = new AbortController();
    const paused = pause(clock, 100, abort.signal);
    abort.abort();
    await paused;
    expect(clock.monotonicMs()).toBe(0);
  });
});

describe('within', () => {
  const late = () => new Error('late');

  it('is what the work ends in, and leaves no timer behind', async () => {
    const cancel = vi.fn();
    const clock = { after: () => cancel, nowMs: () => 0, monotonicMs: () => 0 };
    expect(await within(clock, 100, Promise.resolve('done'), late)).toBe('done');
    await expect(within(clock, 100, Promise.reject(new Error('no')), late)).rejects.toThrow('no');
    expect(cancel).toHaveBeenCalledTimes(2);
  });

  it('rejects when the time is up', async () => {
    const clock = new FakeClock();
    const waiting = within(clock, 100, new Promise(() => undefined), late);
    const rejected = expect(waiting).rejects.toThrow('late');
    await clock.advance(100);
    await rejected;
  });
});

describe('the system clock', () => {
  it('runs what is due, and not what was cancelled', async () => {
    const cancelled = vi.fn();
    const cancel = systemClock.after(1, cancelled);
    cancel();
    cancel();
    await new Promise<void>((resolve) => {
      systemClock.after(5, resolve);
    });
    expect(cancelled).not.toHaveBeenCalled();
  });
});
