import { expect, test } from 'vitest';
import { CapturedTerminal } from '../../test/fixtures/captured-terminal.ts';
import { ProviderUnreachable } from '../identity/login/bounded-fetch.ts';
import { tellFault } from './gateway-fault.ts';

test.each([
  ['Error: self-signed certificate', 'login --ca-file FILE names the authorities'],
  ["Error: IP does not match certificate's altnames", '--url has to name the gateway as its'],
  ['Error: connect ECONNREFUSED', undefined],
])('of a connection that failed with "%s" tells what to do: %s', (message, advice) => {
  const terminal = new CapturedTerminal();
  const fault = new ProviderUnreachable(message);
  expect(tellFault(fault, 'https://a', terminal)).toBe(1);
  const [cannot, detail, next = '', ...more] = terminal.complained.trimEnd().split('\n');
  expect([cannot, detail, more]).toEqual(['https://a cannot be asked.', message, []]);
  expect(next).toMatch(advice === undefined ? /^$/ : new RegExp(`^${advice}`));
});
