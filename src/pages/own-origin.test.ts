import { describe, expect, it } from 'vitest';
import { noHints } from '../../test/fixtures/client-hints.ts';
import type { ClientHints } from '../request/request-head.ts';
import { isFromOwnOrigin } from './own-origin.ts';

const origins = ['https://kf.example'];

function judge(hints: Partial<ClientHints>, publicOrigins = origins, host = 'kf.example'): boolean {
  return isFromOwnOrigin({ hints: { ...noHints, ...hints }, host }, publicOrigins);
}

describe('isFromOwnOrigin', () => {
  it.each([
    ['same-origin', true],
    ['same-site', false],
    ['cross-site', false],
    ['none', false],
    ['SAME-ORIGIN', false],
  ])('believes Sec-Fetch-Site %s before anything else', (fetchSite, expected) => {
    const origin = expected ? 'https://evil.example' : 'https://kf.example';
    expect(judge({ fetchSite, origin, referer: `${origin}/` })).toBe(expected);
  });

  it.each([
    ['https://kf.example', true],
    ['http://kf.example', false],
    ['https://kf.example.evil.example', false],
    ['https://evil.example', false],
    ['null', false],
    ['', false],
  ])('then Origin %s, whatever the Referer', (origin, expected) => {
    const referer = expected ? 'https://evil.example/' : 'https://kf.example/';
    expect(judge({ origin, referer })).toBe(expected);
  });

  it.each([
    ['https://kf.example/_/jupyter/?ns=a', true],
    ['https://kf.example', true],
    ['https://kf.example@evil.example/', false],
    ['https://evil.example/https://kf.example/', false],
    ['about:blank', false],
    ['not an address', false],
  ])('then Referer %s', (referer, expected) => {
    expect(judge({ referer })).toBe(expected);
  });

  it('says no when nothing is said', () => {
    expect(judge({})).toBe(false);
  });

  it('compares with the own Host where no public origin is configured', () => {
    expect(judge({ origin: 'http://kf.local:8080' }, [], 'kf.local:8080')).toBe(true);
    expect(judge({ referer: 'http://kf.local:8080/a' }, [], 'kf.local:8080')).toBe(true);
    expect(judge({ origin: 'http://kf.local:9' }, [], 'kf.local:8080')).toBe(false);
  });
});
