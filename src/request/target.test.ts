import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, type Target } from './target.ts';

function target(raw: string): Target {
  const parsed = parseTarget(raw);
  if (parsed.kind === 'refused') throw new Error(`${raw} was refused: ${parsed.reason}`);
  return parsed.target;
}

function reason(raw: string): string {
  const parsed = parseTarget(raw);
  return parsed.kind === 'refused' ? parsed.reason : 'accepted';
}

describe('parseTarget on what it accepts', () => {
  it('splits path, query and segments and keeps the raw bytes', () => {
    expect(target('/notebook/team-a/nb/?a=1&b=%2F')).toEqual({
      raw: '/notebook/team-a/nb/?a=1&b=%2F',
      path: '/notebook/team-a/nb/',
      query: 'a=1&b=%2F',
      segments: ['notebook', 'team-a', 'nb', ''],
      decodedSegments: ['notebook', 'team-a', 'nb', ''],
    });
  });

  it('tells an empty query from none', () => {
    expect(target('/?').query).toBe('');
    expect(target('/').query).toBeUndefined();
  });

  it('ends the path at the first question mark', () => {
    expect(target('/a?b?c/../d').query).toBe('b?c/../d');
  });

  it('decodes each segment once, for judging only', () => {
    const { segments, decodedSegments } = target('/a/b/c/100%25/x%2Fy/%C3%A9');
    expect(segments).toEqual(['a', 'b', 'c', '100%25', 'x%2Fy', '%C3%A9']);
    expect(decodedSegments).toEqual(['a', 'b', 'c', '100%', 'x/y', 'é']);
  });

  it.each([
    '/notebook/team-a/nb/files/a//b',
    '/notebook/team-a/nb/files/100%25.txt',
    '/notebook/team-a/nb/files/20%25de.txt',
    '/notebook/team-a/nb/proxy/8080/http%253A%252F%252Fhost%252Fpath',
    '/notebook/team-a/nb/files/a;b=c/d',
    '/notebook/team-a/nb/.ipynb_checkpoints/...hidden/..a/a..',
    '/notebook/team-a/nb/files/%E2%80%93%20dash%F0%9F%98%80',
    '/notebook/team-a/nb/files/%25E2%2580%2593',
    "/a/b/c/!$&'()*+,=:@|{}^`~",
    '/pipeline/apis/v2beta1/runs?filter=%257B%2522a%2522%253A%2522%255C%2522%257D',
    '/x?text=line%0Abreak%00&path=../..%2f\\',
    '/x?badly=%zz&more=%',
  ])('accepts %s byte for byte', (raw) => {
    expect(target(raw).raw).toBe(raw);
  });
});

describe('parseTarget on forms of targets', () => {
  it.each(['', '*', 'http://host/', 'https://host', 'host:443', 'foo', '?a', '#', ' /', '%2F'])(
    'refuses %j: not origin-form',
    (raw) => {
      expect(reason(raw)).toBe('target_form');
    },
  );

  it.each(['//', '//host/x', '///', '//%2e%2e'])('refuses %s: it could name a host', (raw) => {
    expect(reason(raw)).toBe('target_ambiguous');
  });

  it.each(['/a#b', '/a?b#c', '/#'])('refuses the fragment in %s', (raw) => {
    expect(reason(raw)).toBe('target_fragment');
  });
});

describe('parseTarget on dot segments', () => {
  it.each([
    ...['/.', '/..', '/./', '/../', '/a/.', '/a/..', '/a/./b', '/a/../b', '/a/b/c/d/../e'],
    ...['/%2e', '/%2E%2e/', '/.%2e/', '/a/%2e./b', '/a/b/c/d/%2e%2e'],
    ...['/a%2f..%2fb', '/a/b/c/x%2F%2e%2E%2Fy', '/a/..%2fb', '/a/b%2f..', '/a%2f.'],
    ...['/%252e%252e/', '/a/b/c/%252e%252e/d', '/a/b/c/.%252e/d', '/a/b/c/%25%32%65%2e'],
    ...['/a/b/c/%25252e%25252e', '/a/b/c/x%252f..%252fy', '/a/b/c/%2e%25%32%65'],
    ...['/..;/a', '/a/..;x=y/b', '/a/b/c/.;/d', '/a/b/c/..%3b/d', '/a/b/c/..%253B/d'],
  ])('refuses %s', (raw) => {
    expect(reason(raw)).toBe('target_dot_segment');
  });
});

describe('parseTarget on characters', () => {
  it.each(['/a\\b', '/\\a', '/a%5cb', '/a%5Cb', '/a/b/c/d%255ce', '/a/b/c/%25%35c'])(
    'refuses the backslash in %s',
    (raw) => {
      expect(reason(raw)).toBe('target_backslash');
    },
  );

  it.each([
    '/a%00',
    '/a%0a',
    '/a%0D',
    '/a%1f',
    '/a%7F',
    '/a%C2%80',
    '/a%c2%9f',
    '/a/b/c/%2500',
    '/a/b/c/%25C2%2585',
  ])('refuses the encoded control character in %s', (raw) => {
    expect(reason(raw)).toBe('target_control');
  });

  it.each([
    '/a\u0000',
    '/a\tb',
    '/a b',
    '/a\r\nb',
    '/a\u007f',
    '/é',
    '/a?\u0000',
    '/a?é',
    '/a?b c',
  ])('refuses the raw character in %j', (raw) => {
    expect(reason(raw)).toBe('target_control');
  });

  it.each(['/%', '/%2', '/%zz', '/a%%2e', '/a/b/c/%u002e', '/a%2', '/%-1'])(
    'refuses the incomplete escape in %s',
    (raw) => {
      expect(reason(raw)).toBe('target_encoding');
    },
  );

  it.each([
    ...[
      '/%c0%ae%c0%ae/',
      '/%c0%af',
      '/%c1%9c',
      '/%e0%80%ae',
      '/%f0%80%80%ae',
      '/%fc%80%80%80%80%ae',
    ],
    ...['/%ff', '/%80', '/%c3', '/%c3/%a9', '/%ed%a0%80', '/%f4%90%80%80'],
    ...['/a/b/c/%25c0%25ae', '/a/b/c/%25e0%2580%25af'],
  ])('refuses %s: not well-formed UTF-8', (raw) => {
    expect(reason(raw)).toBe('target_encoding');
  });
});

/** Pieces that make targets interesting, at any depth of encoding. */
const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '\\',
    ';',
    '%',
    '?',
    '#',
    '\u0000',
    '\n',
    'é',
    ' ',
    'a',
    '0',
  ),
  fc.constantFrom('%2e', '%2E', '%2f', '%5c', '%00', '%25', '%3b', '%c0%ae', '%zz', '%C2%85'),
  fc.constantFrom('notebook', 'api', 'namespaces', 'team-a', 'workspace', 'connect', 'sse'),
  fc.string({ maxLength: 4 }),
);
function encode(text: string, depth: number): string {
  return depth === 0 ? text : encode(text.replaceAll('%', '%25').replaceAll('.', '%2e'), depth - 1);
}
const anyTarget = fc
  .array(fc.tuple(piece, fc.integer({ min: 0, max: 3 })), { maxLength: 12 })
  .map((pieces) => `/${pieces.map(([text, depth]) => encode(text, depth)).join('')}`);

/** As lenient a decoder as there is: whatever is an escape becomes a byte, the rest stays. */
function lenientlyDecoded(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
}

describe('parseTarget as a property', () => {
  it('never changes what it accepts: path and query make up the raw target again', () => {
    fc.assert(
      fc.property(anyTarget, (raw) => {
        const parsed = parseTarget(raw);
        if (parsed.kind === 'refused') return;
        const { path, query, segments } = parsed.target;
        expect(parsed.target.raw).toBe(raw);
        expect(query === undefined ? path : `${path}?${query}`).toBe(raw);
        expect(`/${segments.join('/')}`).toBe(path);
      }),
      { numRuns: 3000 },
    );
  });

  it('accepts no path in which any number of decodings shows a dot segment, backslash or control', () => {
    fc.assert(
      fc.property(anyTarget, (raw) => {
        const parsed = parseTarget(raw);
        if (parsed.kind === 'refused') return;
        let path = parsed.target.path;
        for (let round = 0; round < 8; round++) {
          // Above 0x7f a lenient byte decoder sees parts of UTF-8 sequences, not characters.
          expect(path).not.toMatch(/[\u0000-\u001f\u007f\\]|(?:^|\/)\.\.?(?:\/|$)/);
          path = lenientlyDecoded(path);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('decodes exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { minLength: 1 }),
        (names) => {
          const parsed = parseTarget(`/${names.map(encodeURIComponent).join('/')}`);
          if (parsed.kind === 'target') expect(parsed.target.decodedSegments).toEqual(names);
        },
      ),
    );
  });

  it('stays linear for a path that is encoded over and over', () => {
    const path = `/a/b/c/%${'25'.repeat(100_000)}2e`;
    const before = performance.now();
    expect(reason(path)).toBe('target_dot_segment');
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
