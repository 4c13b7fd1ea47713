import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonObject } from './json-object.ts';

const read = (text: string): unknown => readJsonObject(Buffer.from(text));

describe('a JSON object', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (object, isWide) => {
        const text = JSON.stringify(object, undefined, isWide ? 2 : 0);
        fc.pre(!text.includes('__proto__'));
        expect(read(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['with names that repeat further down', '{"a":{"x":1},"b":[{"x":1},{"x":2}],"x":3}'],
    ['with names inside strings', String.raw`{"a":"{\"a\":1}","b":"a:"}`],
    ['with a name that ends in a backslash', String.raw`{"a\\":"b","c":"\\"}`],
    ['with white space around it', ' \r\n\t{ "a" : 1 }\n'],
  ])('may come %s', (_how, text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it('is none where a name stands twice, however it is spelled', () => {
    const unescaped = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__');
    fc.assert(
      fc.property(unescaped, fc.jsonValue(), fc.jsonValue(), (name, first, second) => {
        const escaped = Array.from(
          { length: name.length },
          (_, at) => String.raw`\u` + name.charCodeAt(at).toString(16).padStart(4, '0'),
        ).join('');
        const text = `{${JSON.stringify(name)}:${JSON.stringify(first)},"${escaped}":${JSON.stringify(second)}}`;
        fc.pre(!text.includes('__proto__'));
        expect(JSON.parse(text)).toBeDefined();
        expect(read(text)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['a list', '[{"user":"a"}]'],
    ['a string', '"user"'],
    ['null', 'null'],
    ['two objects', '{"a":1}{"a":1}'],
    ['an object and more', '{"a":1} x'],
    ['an object cut short', '{"a":1'],
    ['a form', 'user=admin'],
    ['with a comment', '{"a":1/**/}'],
    ['with single quotes', "{'a':1}"],
    ['empty', ''],
    ['with a byte order mark', '\u{feff}{"a":1}'],
    ['with __proto__', '{"__proto__":{"user":"admin"}}'],
    ['with __proto__ in escapes', String.raw`{"\u005f_proto__":{"user":"admin"}}`],
    ['with __proto__ further down', '{"a":[{"__proto__":1}]}'],
  ])('is not %s', (_what, text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ['an overlong form', [0x7b, 0x22, 0xc1, 0xb5, 0x22, 0x3a, 0x31, 0x7d]],
    ['a byte of Latin-1', [0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]],
    ['an encoded surrogate', [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ['UTF-16', [...Buffer.from('{"a":1}', 'utf16le')]],
  ])('is not in %s', (_what, bytes) => {
    expect(readJsonObject(Uint8Array.from(bytes))).toBeUndefined();
  });

  it('may be as deep as its size allows', () => {
    const depth = 30_000;
    expect(read(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)).toBeDefined();
  });
});
