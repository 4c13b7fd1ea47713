import { expect, it } from 'vitest';
import { fieldsOf } from './fields.ts';

it('an object has its fields, and anything else has none', () => {
  expect(fieldsOf({ a: 1 })).toEqual({ a: 1 });
  for (const other of [undefined, null, 'a', 1, ['a'], () => 'a'])
    expect(fieldsOf(other)).toEqual({});
});
