import { generateKeyPairSync } from 'node:crypto';
import { CompactSign } from 'jose';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKindOf, isSigned } from './signature-algorithm.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = {
  ...{ RS256: rsa, RS384: rsa, RS512: rsa, PS256: rsa, PS384: rsa, PS512: rsa },
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
const algorithms = Object.keys(keys) as (keyof typeof keys)[];

/** By another implementation than the one under test. */
const signedBy = (alg: keyof typeof keys): Promise<string> =>
  new CompactSign(Buffer.from('{"sub":"ann"}'))
    .setProtectedHeader({ alg })
    .sign(keys[alg].privateKey);

describe.each(algorithms)('a signature by %s', (alg) => {
  const { publicKey } = keys[alg];

  test('is good for what it was made for', async () => {
    expect(isSigned(await signedBy(alg), alg, publicKey)).toBe(true);
  });

  test('is bad with any bit turned, in the token or in itself', async () => {
    const text = await signedBy(alg);
    const parts = text.split('.').map((part) => Buffer.from(part, 'base64url'));
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.nat(7), (part, at, bit) => {
        const turned = parts.map((bytes) => Buffer.from(bytes));
        const bytes = turned[part] ?? Buffer.alloc(1);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        const forged = turned.map((each) => each.toString('base64url')).join('.');
        return !isSigned(forged, alg, publicKey);
      }),
      { numRuns: 40 },
    );
  });

  test('is bad cut short, made longer or empty', async () => {
    const text = await signedBy(alg);
    for (const other of [
      text.slice(0, -4),
      `${text}AAAA`,
      text.slice(0, text.lastIndexOf('.') + 1),
    ]) {
      expect(isSigned(other, alg, publicKey)).toBe(false);
    }
  });

  test('is none by any other algorithm', async () => {
    const text = await signedBy(alg);
    for (const other of [...algorithms, 'none', 'HS256', '', 'constructor']) {
      if (other !== alg) expect(isSigned(text, other, publicKey)).toBe(false);
    }
  });
});

test('a key is of the kind of its own algorithms only', () => {
  const kindsOf = (key: (typeof keys)['RS256']['publicKey']) =>
    algorithms.filter((alg) => isKindOf(alg, key));
  expect(kindsOf(rsa.publicKey)).toEqual(algorithms.filter((alg) => /^[RP]S/.test(alg)));
  for (const alg of ['ES256', 'ES384', 'ES512', 'EdDSA'] as const) {
    expect(kindsOf(keys[alg].publicKey)).toEqual([alg]);
  }
  expect(kindsOf(generateKeyPairSync('ed448').publicKey)).toEqual([]);
  expect(kindsOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)).toEqual([]);
  expect(kindsOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)).toEqual([]);
});
