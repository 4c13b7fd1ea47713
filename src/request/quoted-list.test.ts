import { expect, it } from 'vitest';
import { splitOutsideQuotes } from './quoted-list.ts';

it.each([
  ['a, b', ['a', ' b']],
  ['a="x,y", b', ['a="x,y"', ' b']],
  ['a="x\\",y", b', ['a="x\\",y"', ' b']],
  ['a="x\\\\", b', ['a="x\\\\"', ' b']],
  ['', ['']],
  [',', ['', '']],
])('splits %j where no quotes are', (text, parts) => {
  expect(splitOutsideQuotes(text, ',')).toEqual(parts);
});

it('lets a quote that is never closed hide nothing', () => {
  expect(splitOutsideQuotes('a="x, Basic y', ',')).toEqual(['a="x', ' Basic y']);
});
