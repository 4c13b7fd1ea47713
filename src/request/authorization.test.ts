import { describe, expect, it } from 'vitest';
import { readAuthorization } from './authorization.ts';

describe('readAuthorization', () => {
  it('tells no header from any header', () => {
    expect(readAuthorization(undefined)).toEqual({ kind: 'none' });
    expect(readAuthorization('')).toEqual({ kind: 'other' });
  });

  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc ', 'abc'],
    ['Bearer\tabc', 'abc'],
    ['Bearer', ''],
    ['Bearer ', ''],
    ['bearer\t', ''],
    ['Bearer a b', 'a b'],
  ])('%j is a bearer of %j', (value, token) => {
    expect(readAuthorization(value)).toEqual({ kind: 'bearer', token });
  });

  it.each([
    'Basic dXNlcjpwYXNz',
    'Bearerabc',
    'token abc',
    'Digest username="a, Basic b", realm="x", uri="/"',
    'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;date, Signature=abc',
    'Basic abc, ',
  ])('%j is something else', (value) => {
    expect(readAuthorization(value)).toEqual({ kind: 'other' });
  });

  it.each([
    'Bearer a, Basic b',
    'Bearer a,Bearer b',
    'Basic a, Negotiate',
    'Digest realm="x", Bearer b',
    'Bearer a,b',
    'Bearer "a, Basic b',
    'Digest a="\\", Bearer b',
  ])('%j is ambiguous', (value) => {
    expect(readAuthorization(value)).toBeUndefined();
  });

  it('judges quotes and commas without end in linear time', () => {
    const before = performance.now();
    readAuthorization(`Digest ,${'"\\"'.repeat(100_000)}${',a'.repeat(100_000)}`);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
