import { createHmac, sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { issuerKey } from '../../../test/fixtures/issuer-key.ts';
import { KeySet, readKeySet } from './key-set.ts';
import { readUnverifiedToken } from '../bearer/unverified-token.ts';
import { verifyJws, type JwsVerdict } from './verify-jws.ts';

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];
const rsa = issuerKey('rsa', 'RS256');
const ec = issuerKey('ec', 'ES256');
const payload = { sub: 'ann' };

const setOf = (...jwks: readonly unknown[]): KeySet => readKeySet({ keys: jwks });
const shared = setOf(rsa.jwk, ec.jwk);

async function verdict(
  token: string,
  set: KeySet = shared,
  algorithms: readonly string[] = ALGORITHMS,
): Promise<JwsVerdict> {
  const { text, jwt } = readUnverifiedToken(token);
  if (jwt === undefined) return { kind: 'rejected', detail: 'no JWT' };
  const find = (kid: string | undefined) => {
    const keys = set.named(kid);
    return Promise.resolve(
      keys.length === 0 ? ({ kind: 'unknown' } as const) : ({ kind: 'found', keys } as const),
    );
  };
  return verifyJws(text, jwt.header, { algorithms, keys: { find } });
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token of any header, signed as RS256 whatever the header says. */
function signedBy(key: KeyObject, header: object): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

describe('the signature of a token', () => {
  test.each(ALGORITHMS)('by %s is verified', async (alg) => {
    const key = issuerKey('k', alg);
    const set = setOf(key.jwk);
    const token = await key.sign(payload);
    expect(await verdict(token, set)).toEqual({ kind: 'signed' });
    const [header, , signature] = token.split('.');
    const forged = `${header ?? ''}.${part({ sub: 'admin' })}.${signature ?? ''}`;
    expect(await verdict(forged, set)).toEqual({
      kind: 'rejected',
      detail: 'the signature is wrong',
    });
  });

  test.each<[what: string, header: object]>([
    ['an algorithm that is not allowed', { alg: 'RS384' }],
    ['alg none', { alg: 'none' }],
    ['alg NONE', { alg: 'NONE' }],
    ['no alg', {}],
    ['a list as alg', { alg: ['RS256'] }],
    ['alg in other letters', { alg: 'rs256' }],
    ['the type of a session JWT', { alg: 'RS256', typ: 'kfgw-session+jwt' }],
    ['the type of a logout token', { alg: 'RS256', typ: 'logout+jwt' }],
    ['an empty type', { alg: 'RS256', typ: '' }],
    ['no text as type', { alg: 'RS256', typ: null }],
    ['crit', { alg: 'RS256', crit: ['exp'] }],
    ['an empty crit', { alg: 'RS256', crit: [] }],
    ['b64', { alg: 'RS256', b64: false }],
    ['enc', { alg: 'RS256', enc: 'A256GCM' }],
    ['zip', { alg: 'RS256', zip: 'DEF' }],
    ['a number as kid', { alg: 'RS256', kid: 1 }],
    ['null as kid', { alg: 'RS256', kid: null }],
    ['a long kid', { alg: 'RS256', kid: 'k'.repeat(257) }],
    ['the kid of another key', { alg: 'RS256', kid: 'ec' }],
    ['a kid that is a path', { alg: 'RS256', kid: '../../../../dev/null' }],
    ['an empty kid', { alg: 'RS256', kid: '' }],
  ])('is refused beside %s', async (_what, header) => {
    const token = signedBy(rsa.privateKey, { kid: 'rsa', ...header });
    expect((await verdict(token, shared, ['RS256', 'ES256'])).kind).toBe('rejected');
  });

  test.each<[what: string, header: object]>([
    ['typ JWT', { typ: 'JWT' }],
    ['typ at+jwt', { typ: 'at+jwt' }],
    ['the whole media type, in any case', { typ: 'application/AT+JWT' }],
    [
      'places of keys that nobody looks at',
      { jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' },
    ],
    ['no kid, where one key fits', { kid: undefined }],
  ])('counts beside %s', async (_what, header) => {
    const token = signedBy(rsa.privateKey, { alg: 'RS256', kid: 'rsa', ...header });
    expect(await verdict(token)).toEqual({ kind: 'signed' });
  });

  test('is never verified by a key that the token brings', async () => {
    const own = issuerKey('rsa', 'RS256');
    const token = signedBy(own.privateKey, { alg: 'RS256', kid: 'rsa', jwk: own.jwk });
    expect(await verdict(token)).toEqual({ kind: 'rejected', detail: 'the signature is wrong' });
  });

  test('is never a message code by the public key', async () => {
    const { n = '' } = rsa.jwk as { n?: string };
    for (const secret of [JSON.stringify(rsa.jwk), n, Buffer.from(n, 'base64url')]) {
      const input = `${part({ alg: 'HS256', kid: 'rsa' })}.${part(payload)}`;
      const code = createHmac('sha256', secret).update(input).digest('base64url');
      expect(await verdict(`${input}.${code}`)).toEqual({
        kind: 'rejected',
        detail: 'the algorithm is not allowed',
      });
    }
  });

  test('without kid is refused where several keys fit', async () => {
    const token = signedBy(rsa.privateKey, { alg: 'RS256' });
    const twin = { ...issuerKey('twin', 'RS256').jwk };
    expect((await verdict(token, setOf(rsa.jwk, twin))).kind).toBe('rejected');
  });

  test.each<[what: string, change: object]>([
    ['is for encryption', { use: 'enc' }],
    ['is for other operations', { key_ops: ['sign'] }],
    ['is for another algorithm', { alg: 'PS256' }],
    ['has a number as algorithm', { alg: 256 }],
    ['has a number as name', { kid: 1 }],
    ['is damaged', { n: '' }],
    ['is of an unknown kind', { kty: 'AKP' }],
  ])('by a key that %s is refused', async (_what, change) => {
    const token = signedBy(rsa.privateKey, { alg: 'RS256', kid: 'rsa' });
    expect((await verdict(token, setOf({ ...rsa.jwk, ...change }, ec.jwk))).kind).toBe('rejected');
    expect((await verdict(token, setOf({ ...rsa.jwk, use: undefined, alg: undefined }))).kind).toBe(
      'signed',
    );
  });

  test('by a short RSA key is refused', async () => {
    const short = issuerKey('short', 'RS256', 1024);
    const token = signedBy(short.privateKey, { alg: 'RS256', kid: 'short' });
    expect((await verdict(token, setOf(short.jwk, ec.jwk))).kind).toBe('rejected');
  });

  test.each([0, 1, 63, 65, 128])('of %d zero bytes is no ECDSA signature', async (length) => {
    const [header = '', body = ''] = (await ec.sign(payload)).split('.');
    const zeros = Buffer.alloc(length).toString('base64url');
    expect((await verdict(`${header}.${body}.${zeros}`)).kind).toBe('rejected');
  });

  test('is not judged while the keys cannot be had', async () => {
    const unavailable = { kind: 'unavailable', retryAfterSec: 3 } as const;
    const keys = { find: () => Promise.resolve(unavailable) };
    const { text, jwt } = readUnverifiedToken(await ec.sign(payload));
    expect(await verifyJws(text, jwt?.header ?? {}, { algorithms: ['ES256'], keys })).toEqual(
      unavailable,
    );
  });
});
