import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionCache, type CacheEntry } from './session-cache.ts';

function entry(name: string): CacheEntry {
  return { cookie: `cookie-${name}`, key: `key-${name}` };
}

describe('the session cache', () => {
  it('finds an entry by its cookie and by its key', () => {
    const cache = new SessionCache(2);
    const one = entry('one');
    cache.put(one);
    expect(cache.get('cookie-one')).toBe(one);
    expect(cache.byKey('key-one')).toBe(one);
    expect(cache.get('key-one')).toBeUndefined();
    expect([...cache.entries()]).toEqual([one]);
  });

  it('replaces an entry by its successor', () => {
    const cache = new SessionCache(2);
    const [before, after] = [entry('one'), entry('one')];
    cache.put(before);
    cache.put(after);
    expect(cache.get('cookie-one')).toBe(after);
    expect(cache.size).toBe(1);
    cache.delete(before);
    expect(cache.get('cookie-one')).toBe(after);
    cache.delete(after);
    expect(cache.byKey('key-one')).toBeUndefined();
  });

  it('holds the entries that were used last, whatever happens', () => {
    const step = fc.record({
      what: fc.constantFrom('put', 'get', 'delete', 'byKey'),
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new SessionCache(3);
        let expected: string[] = [];
        for (const { what, name } of steps) {
          const found = cache.byKey(`key-${name}`);
          expect(found !== undefined).toBe(expected.includes(name));
          if (what === 'byKey') continue;
          const isMoved = what === 'put' || (what === 'get' && found !== undefined);
          expected = [...expected.filter((other) => other !== name), ...(isMoved ? [name] : [])];
          if (what === 'put') cache.put(entry(name));
          else if (what === 'get') expect(cache.get(`cookie-${name}`)).toBe(found);
          else if (found !== undefined) cache.delete(found);
          expected = what === 'get' && found === undefined ? expected : expected.slice(-3);
          expect(cache.size).toBe(expected.length);
        }
      }),
    );
  });
});
