import { expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const names = ['timeout', 'issuer', 'clientId', 'clientSecretFile'];

it.each([
  ['tiemout', 'timeout'],
  ['Issuer', 'issuer'],
  ['isuer', 'issuer'],
  ['clientID', 'clientId'],
  ['clientSecretFiel', 'clientSecretFile'],
])('guesses that %s was meant to be %s', (given, meant) => {
  expect(nearest(given, names)).toBe(meant);
});

it.each(['', 'x', 'redirect', 'time'])('does not guess for %j', (given) => {
  expect(nearest(given, names)).toBeUndefined();
});
