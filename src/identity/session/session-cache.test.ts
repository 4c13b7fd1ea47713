import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionCache, type CacheEntry } from './session-cache.ts';

function entry(name: string): CacheEntry {
  return { cookie: `cookie-${name}`, key: `key-${name}` };
}

describe('the session cache', () => {
  it('finds an entry by its cookie and by its key', () => {
    const cache = new SessionCache(4);
    const one = entry('one');
    cache.put(one);
    expect(cache.get('cookie-one')).toBe(one);
    expect(cache.byKey('key-one')).toBe(one);
    expect(cache.get('key-one')).toBeUndefined();
    expect(cache.byKey('cookie-one')).toBeUndefined();
  });

  it('replaces an entry by its successor, wherever the entry was', () => {
    const cache = new SessionCache(6);
    for (const name of ['one', 'two', 'three']) cache.put(entry(name));
    const successors = ['one', 'three'].map(entry);
    for (const successor of successors) cache.put(successor);
    for (const successor of successors) {
      expect(cache.get(successor.cookie)).toBe(successor);
      expect(cache.byKey(successor.key)).toBe(successor);
    }
    expect(cache.size).toBe(3);
  });

  it('never exceeds its limit and holds the half that was used last, whatever happens', () => {
    const limit = 6;
    const step = fc.record({
      what: fc.constantFrom('put', 'get', 'byKey'),
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new SessionCache(limit);
        let lastUsed: string[] = [];
        for (const { what, name } of steps) {
          const found = cache.byKey(`key-${name}`);
          if (what === 'get') expect(cache.get(`cookie-${name}`)).toBe(found);
          if (what === 'put') cache.put(entry(name));
          if (what === 'put' || (what === 'get' && found !== undefined)) {
            lastUsed = [...lastUsed.filter((other) => other !== name), name];
          }
          for (const used of lastUsed.slice(-limit / 2)) {
            expect(cache.byKey(`key-${used}`)?.key).toBe(`key-${used}`);
          }
          expect(cache.size).toBeLessThanOrEqual(limit);
          expect(new Set(cache.entries().map(({ key }) => key)).size).toBe(cache.size);
        }
      }),
    );
  });
});
