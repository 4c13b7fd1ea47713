import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { Backoff } from './backoff.ts';

const always = (byte: number) => ({ bytes: (length: number) => Buffer.alloc(length, byte) });

describe('Backoff', () => {
  it('doubles from 0.8 s to 30 s', () => {
    const backoff = new Backoff(new FakeClock(), always(0x80));
    const waits = Array.from({ length: 8 }, () => Math.round(backoff.nextMs() / 10) * 10);
    expect(waits).toEqual([400, 800, 1610, 3210, 6430, 12850, 15060, 15060]);
  });

  it('is anything between nothing and the ceiling', () => {
    expect(new Backoff(new FakeClock(), always(0)).nextMs()).toBe(0);
    expect(new Backoff(new FakeClock(), always(0xff)).nextMs()).toBeGreaterThan(799);
  });

  it('begins again after two minutes without a failure', async () => {
    const clock = new FakeClock();
    const backoff = new Backoff(clock, always(0x80));
    for (let i = 0; i < 5; i++) backoff.nextMs();
    await clock.advance(120_000);
    expect(backoff.nextMs()).toBeGreaterThan(10_000);
    await clock.advance(120_001);
    expect(backoff.nextMs()).toBeLessThan(800);
  });
});
