// The text of tokens, as people, programs and secret scanners meet it.
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../kernel/random.ts';
import {
  formatTokenText,
  looksLikeOurs,
  newLoginName,
  newTokenSecret,
  readTokenText,
  secretOf,
  type TokenText,
} from './token-text.ts';

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
const secret = bytes(32).map(secretOf);
const login = fc.stringMatching(/^[0-9A-Za-z]{22}$/);
const tokens: fc.Arbitrary<TokenText> = fc.oneof(
  secret.map((given) => ({ kind: 'personal' as const, secret: given })),
  fc.record({ kind: fc.constant('refresh' as const), login, secret }),
  fc
    .uint8Array({ minLength: 37, maxLength: 300 })
    .map((sealed) => ({ kind: 'access' as const, sealed: Buffer.from(sealed) })),
);

/** What the decision tells secret scanners to look for. */
const decision = new URL('../../../docs/decisions/0019-personal-tokens.md', import.meta.url);
const [, documented = ''] = /For scanners: `(.*)`/.exec(readFileSync(decision, 'utf8')) ?? [];
const SCANNED = new RegExp(documented);

/** The same checksum, written once more: CRC-32 in six digits of base 62. */
function withChecksum(text: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const places = [62 ** 5, 62 ** 4, 62 ** 3, 62 ** 2, 62, 1];
  const checksum = places.map((place) => digits.charAt(Math.floor(crc32(text) / place) % 62));
  return `${text}${checksum.join('')}`;
}

describe('the text of a token', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const text = formatTokenText(token);
        expect(readTokenText(text)).toEqual(token);
        expect(looksLikeOurs(text)).toBe(true);
        // RFC 6750 section 2.1: b64token.
        expect(text).toMatch(/^[A-Za-z0-9._~+/-]+=*$/);
      }),
    );
  });

  it('is found in a configuration file by what secret scanners look for', () => {
    const made: TokenText[] = [
      { kind: 'personal', secret: newTokenSecret(systemRandom) },
      { kind: 'refresh', login: newLoginName(systemRandom), secret: newTokenSecret(systemRandom) },
      { kind: 'access', sealed: systemRandom.bytes(130) },
    ];
    for (const token of made) {
      const text = formatTokenText(token);
      expect(SCANNED.exec(`token: "${text}" # do not share`)?.[0]).toBe(text);
    }
  });

  it('is known by its checksum: no other reads as a token when one character is changed', () => {
    const character = fc.constantFrom('0', 'A', 'a', 'z', '_', '-', '.', 'ä', '\n');
    fc.assert(
      fc.property(tokens, fc.nat(), character, (token, at, other) => {
        const text = formatTokenText(token);
        const place = at % text.length;
        fc.pre(text[place] !== other);
        const changed = `${text.slice(0, place)}${other}${text.slice(place + 1)}`;
        expect(readTokenText(changed)).toBeUndefined();
      }),
    );
  });

  it('is one only as a whole: nothing before, behind or missing', () => {
    fc.assert(
      fc.property(tokens, fc.string({ minLength: 1, maxLength: 3 }), (token, more) => {
        const text = formatTokenText(token);
        for (const other of [`${more}${text}`, `${text}${more}`, text.slice(0, -1)])
          expect(readTokenText(other)).toBeUndefined();
      }),
    );
  });

  it('of any other text is none, and nothing throws', () => {
    const prefix = fc.constantFrom('', 'kfgw_', 'kfgwr_', 'kfgwa_');
    fc.assert(
      fc.property(prefix, fc.string({ maxLength: 2_000 }), (start, rest) => {
        expect(readTokenText(`${start}${rest}`)).toBeUndefined();
      }),
    );
  });

  it('has one form: loose last bits do not make a second spelling of an access token', () => {
    // Node's decoder ignores the bits behind the last byte (nodejs.org/api/buffer.html).
    const body = Buffer.alloc(37).toString('base64url').replace(/A$/, 'B');
    expect(Buffer.from(body, 'base64url')).toEqual(Buffer.alloc(37));
    expect(readTokenText(withChecksum(`kfgwa_${body}`))).toBeUndefined();
  });

  it('too long to be ours is not looked into', () => {
    const text = formatTokenText({ kind: 'access', sealed: Buffer.alloc(2_000) });
    expect(readTokenText(text)).toBeUndefined();
  });

  it('has the checksum that is documented: CRC-32 in base 62 of all before it', () => {
    // zlib.crc32 of "kfgw_" and 43 zeros, computed with Python's zlib: 3266853854.
    expect(formatTokenText({ kind: 'personal', secret: '0'.repeat(43) })).toBe(
      `kfgw_${'0'.repeat(43)}3Z5NvC`,
    );
  });
});
