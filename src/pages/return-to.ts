// Owns the `rd` parameter of the pages: where a person goes on to.
import { readReturnAddress, type ReturnAddress } from '../identity/login/return-address.ts';
import { readQueryParameter } from '../request/query-parameter.ts';
import type { Target } from '../request/target.ts';

/** The `rd` of a target; the start page when there is none. */
export function readReturnTo(target: Target): ReturnAddress {
  const rd = readQueryParameter(target, 'rd');
  if (rd.kind === 'refused') return rd;
  return rd.kind === 'absent' ? { kind: 'path', path: '/' } : readReturnAddress(rd.value);
}
