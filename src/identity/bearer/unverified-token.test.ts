import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readUnverifiedToken } from './unverified-token.ts';

const part = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url');
const HEADER = '{"alg":"ES256"}';
const PAYLOAD = '{"sub":"ann"}';
const token = (header: string | Uint8Array, payload: string | Uint8Array = PAYLOAD): string =>
  `${part(header)}.${part(payload)}.c2ln`;

describe('a token as it was sent', () => {
  test('shows header and payload where it is a signed JWT', () => {
    const text = token(HEADER);
    expect(readUnverifiedToken(text)).toEqual({
      text,
      jwt: { header: { alg: 'ES256' }, payload: { sub: 'ann' } },
    });
  });

  test('of any header and payload is read as it was written', () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(objects, objects, (header, payload) => {
        const [head, body] = [JSON.stringify(header), JSON.stringify(payload)];
        fc.pre(!(head + body).includes('__proto__'));
        expect(readUnverifiedToken(token(head, body)).jwt).toEqual({
          header: JSON.parse(head) as unknown,
          payload: JSON.parse(body) as unknown,
        });
      }),
    );
  });

  test.each([
    ['empty', ''],
    ['of one part', 'kfgw_abc'],
    ['of two parts', `${part(HEADER)}.${part(PAYLOAD)}`],
    ['with an empty signature', `${part(HEADER)}.${part(PAYLOAD)}.`],
    ['of four parts', `${token(HEADER)}.`],
    ['encrypted (five parts)', `${part('{"alg":"dir","enc":"A256GCM"}')}..aXY.Y3Q.dGFn`],
    ['in JWS JSON serialisation', '{"payload":"e30","protected":"e30","signature":"c2ln"}'],
    ['with white space before it', ` ${token(HEADER)}`],
    ['with a line break in it', token(HEADER).replace('.', '.\n')],
    ['with padding', `${Buffer.from(HEADER).toString('base64')}=.${part(PAYLOAD)}.c2ln`],
    ['with the other base64', `${part(HEADER)}.${part(PAYLOAD)}.a+/b`],
    ['with loose bits in the signature', `${part(HEADER)}.${part(PAYLOAD)}.c2lnYx`],
    ['with a lone last letter', `${part(HEADER)}.${part(PAYLOAD)}.c2lnY`],
    ['with a byte of Latin-1', `${part(HEADER)}.${part(PAYLOAD)}.c2l\u00e9`],
    ['with a list as header', token('["ES256"]')],
    ['with text as payload', token(HEADER, '"ann"')],
    ['nested: a JWT as payload', token('{"alg":"ES256","cty":"JWT"}', token(HEADER))],
    ['with a claim twice', token(HEADER, '{"sub":"ann","sub":"admin"}')],
    ['with a claim twice, once in escapes', token(HEADER, String.raw`{"sub":"a","\u0073ub":"b"}`)],
    ['with a header parameter twice', token('{"alg":"ES256","alg":"none"}')],
    ['with __proto__', token(HEADER, '{"__proto__":{"sub":"admin"}}')],
    ['with __proto__ in a claim', token(HEADER, '{"a":{"__proto__":{"sub":"admin"}}}')],
    ['with a byte order mark', token(HEADER, `\u{feff}${PAYLOAD}`)],
    ['with bytes after the payload', token(HEADER, `${PAYLOAD}x`)],
    ['with two payloads', token(HEADER, PAYLOAD + PAYLOAD)],
    ['with NUL after the payload', token(HEADER, `${PAYLOAD}\0`)],
    [
      'in bytes that are not UTF-8',
      token(HEADER, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)),
    ],
    ['too long', token(HEADER, JSON.stringify({ sub: 'a'.repeat(16 * 1024) }))],
  ])('is no JWT when it is %s', (_what, text) => {
    expect(readUnverifiedToken(text)).toEqual({ text, jwt: undefined });
  });

  test('of the greatest length is looked into, and of one more is not', () => {
    const of = (length: number): string => {
      const short = token(HEADER);
      return short + 'A'.repeat(length - short.length);
    };
    expect(readUnverifiedToken(of(16 * 1024)).jwt).toBeDefined();
    expect(readUnverifiedToken(of(16 * 1024 + 4)).jwt).toBeUndefined();
  });

  test('has one spelling: no other text of its bytes is a JWT', () => {
    const text = token(HEADER, '{"sub":"anna"}');
    const letters = Array.from('ABCabc019-_.=+/ \n');
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...letters), (at, letter) => {
        const other = text.slice(0, at) + letter + text.slice(at + 1);
        fc.pre(other !== text);
        const bytes = (of: string) => of.split('.').map((piece) => Buffer.from(piece, 'base64url'));
        const isSame =
          JSON.stringify(bytes(other).map(String)) === JSON.stringify(bytes(text).map(String));
        if (isSame) expect(readUnverifiedToken(other).jwt).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('of any text is read without throwing', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (one, two, three) => {
        expect(readUnverifiedToken(`${one}.${two}.${three}`).text).toBe(`${one}.${two}.${three}`);
      }),
    );
  });
});
