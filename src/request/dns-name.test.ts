import { expect, it } from 'vitest';
import { isDnsLabel, isDnsSubdomain } from './dns-name.ts';

const longest = 'a'.repeat(63);

it.each(['a', '0', 'team-a', 'a--b', longest])('%s is a label and a subdomain', (name) => {
  expect([isDnsLabel(name), isDnsSubdomain(name)]).toEqual([true, true]);
});

it.each(['a.b', 'a.b-c.d', `${longest}a`, `${'a.'.repeat(126)}a`])(
  '%s is a subdomain and no label',
  (name) => {
    expect([isDnsLabel(name), isDnsSubdomain(name)]).toEqual([false, true]);
  },
);

it.each([
  '',
  '-a',
  'a-',
  'A',
  'a_b',
  'a..b',
  '.a',
  'a.',
  'a.-b',
  'ä',
  'a\n',
  `${'a.'.repeat(127)}a`,
])('%j is neither', (name) => {
  expect([isDnsLabel(name), isDnsSubdomain(name)]).toEqual([false, false]);
});
