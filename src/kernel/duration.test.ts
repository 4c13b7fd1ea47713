import { expect, it } from 'vitest';
import { parseDurationMs } from './duration.ts';

it.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['5m', 300_000],
  ['12h', 43_200_000],
  ['7d', 604_800_000],
  ['0s', 0],
])('reads %s as %i ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

it.each(['', '5', 'm', '5 m', '-5m', '1.5h', '5M', '1h30m', '1234567890s', '5m\n', '٥m'])(
  'does not read %j',
  (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  },
);
