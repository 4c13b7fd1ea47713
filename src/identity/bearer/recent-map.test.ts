import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecentMap } from './recent-map.ts';

const LIMIT = 8;

describe('a map of what is recent', () => {
  test('never holds more than its limit, nor less than the half that was used last', () => {
    const step = fc.record({ kind: fc.constantFrom('set', 'get', 'delete'), key: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const map = new RecentMap<number>(LIMIT);
        const used: number[] = [];
        for (const { kind, key } of steps) {
          const isHeld =
            kind !== 'delete' && (kind === 'set' || map.get(String(key)) !== undefined);
          if (kind === 'set') map.set(String(key), key);
          if (kind === 'delete') map.delete(String(key));
          if (used.includes(key)) used.splice(used.indexOf(key), 1);
          if (isHeld) used.push(key);
          expect(map.size).toBeLessThanOrEqual(LIMIT);
        }
        for (const key of used.slice(-LIMIT / 2)) expect(map.get(String(key))).toBe(key);
      }),
    );
  });

  test('answers with what was set last, and with nothing for what was deleted', () => {
    const map = new RecentMap<string>(LIMIT);
    map.set('key', 'old');
    for (let n = 0; n < LIMIT / 2; n++) map.set(`other-${n}`, '');
    map.set('key', 'new');
    expect(map.get('key')).toBe('new');
    map.delete('key');
    expect(map.get('key')).toBeUndefined();
  });
});
