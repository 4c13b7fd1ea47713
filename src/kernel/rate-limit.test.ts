import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { createRateLimit } from './rate-limit.ts';

const limited = (clock = new FakeClock()) => createRateLimit(3, clock, 2);

describe('createRateLimit', () => {
  it('lets the requests of a minute through at once and then says how long to wait', () => {
    const limit = limited();
    expect([limit('192.0.2.1'), limit('192.0.2.1'), limit('192.0.2.1')]).toEqual([0, 0, 0]);
    expect(limit('192.0.2.1')).toBe(20);
  });

  it('gives one request back per interval, and no refused request costs any', async () => {
    const clock = new FakeClock();
    const limit = limited(clock);
    for (let i = 0; i < 10; i++) limit('192.0.2.1');
    await clock.advance(20_000);
    expect(limit('192.0.2.1')).toBe(0);
    expect(limit('192.0.2.1')).toBe(20);
  });

  it('never saves up more than the requests of a minute', async () => {
    const clock = new FakeClock();
    const limit = limited(clock);
    limit('192.0.2.1');
    await clock.advance(3_600_000);
    expect([1, 2, 3, 4].map(() => limit('192.0.2.1'))).toEqual([0, 0, 0, 20]);
  });

  it('counts each client by itself', () => {
    const limit = limited();
    for (let i = 0; i < 4; i++) limit('192.0.2.1');
    expect(limit('192.0.2.2')).toBe(0);
  });

  it('remembers a bounded number of clients and forgets the one that was idle longest', () => {
    const limit = limited();
    for (let i = 0; i < 3; i++) limit('192.0.2.1');
    for (let i = 0; i < 3; i++) limit('192.0.2.2');
    limit('192.0.2.3');
    expect(limit('192.0.2.2')).toBe(20);
    expect(limit('192.0.2.1')).toBe(0);
  });
});

describe('one client', () => {
  function countAsOne(one: string, other: string): boolean {
    const limit = createRateLimit(1, new FakeClock());
    limit(one);
    return limit(other) > 0;
  }

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::6'],
    ['2001:db8:1:2::', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:db8::6', '2001:db8:0:0:1::'],
    ['::1', '::2'],
    ['fe80::192.0.2.7', 'fe80::1'],
  ])('is %s and %s', (one, other) => {
    expect(countAsOne(one, other)).toBe(true);
  });

  it.each([
    ['192.0.2.7', '192.0.2.8'],
    ['2001:db8:1:2::6', '2001:db8:1:3::6'],
    ['2001:db8::6', '2001:db8:1::6'],
    ['::1', '1::'],
  ])('is not %s and %s', (one, other) => {
    expect(countAsOne(one, other)).toBe(false);
  });
});
