import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from './secret.ts';

const secret = new Secret('hunter2');

it('gives its value only to who asks for it', () => {
  expect(secret.reveal()).toBe('hunter2');
});

it.each([
  ['text', String(secret)],
  ['JSON', JSON.stringify({ password: secret })],
  ['console output', inspect({ password: secret }, { depth: 5, showHidden: true })],
  ['its properties', JSON.stringify(Object.entries(secret))],
])('does not show its value as %s', (_, shown) => {
  expect(shown).not.toContain('hunter2');
});
