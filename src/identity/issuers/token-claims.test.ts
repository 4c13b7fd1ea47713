import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { audiencesOf, lifetimeOf, tokenHandle } from './token-claims.ts';

const NOW_SEC = 1_800_000_000;
const rules = { toleranceMs: 30_000, maxLifetimeMs: 3_600_000 };
const lifetime = (payload: Readonly<Record<string, unknown>>, nowSec = NOW_SEC) =>
  lifetimeOf(payload, rules, nowSec * 1000);
const reason = (payload: Readonly<Record<string, unknown>>): string => {
  const judged = lifetime(payload);
  return judged.kind === 'alive' ? 'alive' : judged.reason;
};
const iat = NOW_SEC - 600;
const exp = NOW_SEC + 600;

describe('the lifetime of a token', () => {
  test('ends with exp and the tolerance', () => {
    expect(lifetime({ iat, exp })).toEqual({
      kind: 'alive',
      issuedAtSec: iat,
      expiresAtMs: exp * 1000 + 30_000,
    });
    expect(lifetime({ iat, exp }, exp + 29.999).kind).toBe('alive');
    expect(lifetime({ iat, exp }, exp + 30)).toMatchObject({ reason: 'token_expired' });
  });

  test.each<[what: string, payload: Readonly<Record<string, unknown>>, outcome: string]>([
    ['with nbf in the past', { iat, exp, nbf: iat }, 'alive'],
    ['with fractions of seconds', { iat: iat + 0.5, exp: exp + 0.25 }, 'alive'],
    ['by a clock that is ahead within the tolerance', { iat: NOW_SEC + 30, exp }, 'alive'],
    ['of the longest life', { iat, exp: iat + 3_600 }, 'alive'],
    ['of a longer life', { iat, exp: iat + 3_601 }, 'token_lifetime'],
    ['without exp', { iat }, 'token_lifetime'],
    ['without iat', { exp }, 'token_lifetime'],
    ['that ends in the distant future', { iat, exp: 253_402_300_799 }, 'token_lifetime'],
    ['that is over', { iat: iat - 3_600, exp: NOW_SEC - 30 }, 'token_expired'],
    ['that is over and lived too long', { iat: 1, exp: NOW_SEC - 30 }, 'token_expired'],
    ['from the future', { iat: NOW_SEC + 31, exp }, 'invalid_token'],
    ['not valid yet', { iat, exp, nbf: NOW_SEC + 31 }, 'invalid_token'],
    ['that ends before it begins', { iat: exp, exp: iat }, 'invalid_token'],
    ['that ends as it begins', { iat: NOW_SEC, exp: NOW_SEC }, 'invalid_token'],
    ['with exp as text', { iat, exp: String(exp) }, 'invalid_token'],
    ['with iat as text', { iat: String(iat), exp }, 'invalid_token'],
    ['with nbf as text', { iat, exp, nbf: '0' }, 'invalid_token'],
    ['with nbf null', { iat, exp, nbf: null }, 'invalid_token'],
    ['with exp null', { iat, exp: null }, 'invalid_token'],
    ['with a list as exp', { iat, exp: [exp] }, 'invalid_token'],
    ['with exp beyond all numbers', { iat, exp: JSON.parse('1e999') as unknown }, 'invalid_token'],
    ['with exp in milliseconds', { iat, exp: exp * 1000 }, 'invalid_token'],
    ['with a negative iat', { iat: -1, exp }, 'invalid_token'],
  ])('of a token %s', (_what, payload, outcome) => {
    expect(reason(payload)).toBe(outcome);
  });

  test('is never longer than allowed, whatever is claimed', () => {
    const dates = fc.oneof(fc.integer(), fc.double(), fc.jsonValue(), fc.constant(undefined));
    fc.assert(
      fc.property(dates, dates, dates, (one, two, three) => {
        const judged = lifetime({ iat: one, exp: two, nbf: three });
        if (judged.kind !== 'alive') return;
        expect(judged.expiresAtMs).toBeGreaterThan(NOW_SEC * 1000);
        expect(judged.expiresAtMs - judged.issuedAtSec * 1000).toBeLessThanOrEqual(3_630_000);
      }),
    );
  });
});

describe('the audiences of a token', () => {
  test.each<[aud: unknown, audiences: readonly string[]]>([
    ['one', ['one']],
    [
      ['one', 'two'],
      ['one', 'two'],
    ],
    [undefined, []],
    [[], []],
    [null, []],
    [['one', 1], []],
    [{ one: true }, []],
    [[['one']], []],
  ])('of aud %j are %j', (aud, audiences) => {
    expect(audiencesOf({ aud })).toEqual(audiences);
  });
});

test('the handle of a token is always the same, and another for another token', () => {
  expect(tokenHandle('a.b.c')).toMatch(/^[\w-]{22}$/);
  expect(tokenHandle('a.b.c')).toBe(tokenHandle('a.b.c'));
  expect(tokenHandle('a.b.c')).not.toBe(tokenHandle('a.b.d'));
});
