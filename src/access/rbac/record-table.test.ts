import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectKey } from './rbac-records.ts';
import { RecordTable } from './record-table.ts';

interface Numbered extends ObjectKey {
  readonly number: number;
}

const keys = fc.record({
  namespace: fc.constantFrom('', 'a', 'b'),
  name: fc.oneof(
    fc.constantFrom('n', 'N', 'n1', 'n10', 'n2', 'ñ'),
    fc.integer({ min: 0, max: 40 }).map((number) => `x${number}`),
  ),
});
const change = fc.record({ key: keys, remove: fc.boolean() });

describe('a table of records', () => {
  it('holds what a Map would hold, in order of names', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 150 }), (changes) => {
        const table = new RecordTable<Numbered>((record) => record);
        const model = new Map<string, Numbered>();
        changes.forEach(({ key, remove }, number) => {
          const known = `${key.namespace}/${key.name}`;
          const before = remove ? table.delete(key) : table.put({ ...key, number });
          expect(before).toEqual(model.get(known));
          if (remove) model.delete(known);
          else model.set(known, { ...key, number });
          expect(table.get(key)).toEqual(model.get(known));
        });
        for (const namespace of ['', 'a', 'b', 'c']) {
          const expected = [...model.values()]
            .filter((record) => record.namespace === namespace)
            .sort((one, other) => (one.name < other.name ? -1 : 1));
          expect(table.in(namespace)).toEqual(expected);
        }
      }),
    );
  });
});
