import { expect, it } from 'vitest';
import { errorText } from './logger.ts';

it('tells an error by name and message, without its stack', () => {
  expect(errorText(new TypeError('no'))).toBe('TypeError: no');
});

it.each([
  ['text', 'text'],
  [undefined, 'undefined'],
  [42, '42'],
])('tells whatever else was thrown: %s', (thrown, text) => {
  expect(errorText(thrown)).toBe(text);
});

it('is never long', () => {
  expect(errorText(new Error('x'.repeat(10_000)))).toHaveLength(300);
});
