import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEY_USES, keyFileName, parseKeyFileName } from './key-name.ts';

describe('key file names', () => {
  test('say what a key is for and when it was made', () => {
    const createdAtMs = Date.parse('2026-11-21T10:00:00Z');
    expect(keyFileName({ use: 'signing', createdAtMs })).toBe('signing-2026-11-21T10-00-00Z.pem');
    expect(parseKeyFileName('cookie-2026-11-21T10-00-00Z.key')).toEqual({
      use: 'cookie',
      createdAtMs,
    });
  });

  test('can be keys of a Kubernetes Secret and read back as they were made', () => {
    const latest = Date.parse('9999-12-31T23:59:59Z') / 1000;
    fc.assert(
      fc.property(fc.constantFrom(...KEY_USES), fc.integer({ min: 0, max: latest }), (use, sec) => {
        const name = keyFileName({ use, createdAtMs: sec * 1000 });
        expect(name).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
        expect(parseKeyFileName(name)).toEqual({ use, createdAtMs: sec * 1000 });
      }),
    );
  });

  test.each([
    'signing.pem',
    'signing-2026-11-21T10-00-00Z.key',
    'cookie-2026-11-21T10-00-00Z.pem',
    'cookie-2026-02-30T10-00-00Z.key',
    'cookie-2026-11-21T25-00-00Z.key',
    'cookie-2026-11-21T10-00-00Z.key~',
    'other-2026-11-21T10-00-00Z.key',
    'README',
  ])('refuse %s', (name) => {
    expect(parseKeyFileName(name)).toBeUndefined();
  });

  test('never throw', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        parseKeyFileName(name);
        parseKeyFileName(`signing-${name}Z.pem`);
      }),
    );
  });
});
