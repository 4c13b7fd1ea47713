import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Seat, Seats } from './seats.ts';

describe('seats', () => {
  it('hold what a set would, whatever is taken and left', () => {
    const step = fc.record({ who: fc.integer({ min: 0, max: 9 }), takes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const people = Array.from({ length: 10 }, (_, who) => new Seat(who));
        const seats = new Seats<number>();
        const model = new Set<number>();
        for (const { who, takes } of steps) {
          const seat = people[who];
          if (seat === undefined) continue;
          if (takes) seats.take(seat);
          else seats.leave(seat);
          if (takes) model.add(who);
          else model.delete(who);
        }
        expect([...seats.holders()].sort()).toEqual([...model].sort());
        expect(seats.size).toBe(model.size);
      }),
    );
  });

  it('let their holders leave while they are gone through', () => {
    const seats = new Seats<string>();
    const [one, other] = [new Seat('one'), new Seat('other')];
    seats.take(one);
    seats.take(other);
    const seen: string[] = [];
    for (const holder of seats.holders()) {
      seen.push(holder);
      seats.leave(one);
      seats.leave(other);
    }
    expect(seen).toEqual(['one']);
  });
});
