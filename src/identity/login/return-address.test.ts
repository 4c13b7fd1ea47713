import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fixtures/any-text.ts';
import vectors from '../../../test/vectors/return-addresses.json' with { type: 'json' };
import { readReturnAddress } from './return-address.ts';

describe('an address to return to', () => {
  it.each(vectors.accepted)('$text is the path $path', ({ text, path }) => {
    expect(readReturnAddress(text)).toEqual({ kind: 'path', path });
  });

  it.each(vectors.refused)('$text is refused: $because', ({ text }) => {
    expect(readReturnAddress(text)).toEqual({ kind: 'refused' });
  });

  it('is refused when there is none', () => {
    expect(readReturnAddress(undefined)).toEqual({ kind: 'refused' });
  });

  it('is refused when it is endless', () => {
    expect(readReturnAddress(`/${'a'.repeat(20_000)}`)).toEqual({ kind: 'refused' });
  });

  const fragments = fc.constantFrom(
    ...['/', '\\', '//', '.', '..', '%2e', '%2f', '%5c', ':', '@', '#', '?', ';', ' ', '\t', '\n'],
    ...['\r', '\0', 'http', 'https:', 'javascript:', 'evil.example', 'oauth2', 'start', 'a', 'é'],
  );
  const anyAddress = fc.oneof(
    fc.array(fragments, { maxLength: 9 }).map((parts) => parts.join('')),
    fc.array(fragments, { maxLength: 9 }).map((parts) => `/${parts.join('')}`),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    anyText,
  );

  it('never leads a browser away from the site, wherever it is', () => {
    fc.assert(
      fc.property(
        anyAddress,
        fc.constantFrom('https://kf.example', 'http://[::1]:8080'),
        (text, origin) => {
          const result = readReturnAddress(text);
          if (result.kind === 'refused') return;
          expect(result.path).toMatch(/^\/(?![/\\])[\u0021-\u007e]*$/);
          expect(new URL(result.path, `${origin}/oauth2/callback?code=x`).origin).toBe(origin);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is accepted again as it was returned', () => {
    fc.assert(
      fc.property(anyAddress, (text) => {
        const first = readReturnAddress(text);
        if (first.kind === 'path') expect(readReturnAddress(first.path)).toEqual(first);
      }),
      { numRuns: 2_000 },
    );
  });
});
