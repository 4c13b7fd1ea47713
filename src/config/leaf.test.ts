import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import * as leaf from './leaf.ts';

const about = 'What it means.';

function accepts(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  return result.success ? result.data : result.error.issues[0]?.message;
}

const refused = /^(must be|is required:) /;

describe('values of options', () => {
  test.each<[kind: string, schema: z.ZodType, good: [given: unknown, read: unknown][]]>([
    [
      'durations',
      leaf.duration({ about, min: '1s', max: '1d' }),
      [
        ['1s', 1_000],
        ['90m', 5_400_000],
        ['1500ms', 1_500],
        ['24h', 86_400_000],
      ],
    ],
    [
      'sizes',
      leaf.size({ about, min: '1KiB', max: '1MiB' }),
      [
        ['1024B', 1024],
        ['64KiB', 65_536],
        ['1MiB', 1_048_576],
      ],
    ],
    [
      'numbers',
      leaf.count({ about, min: 0, max: 65_535 }),
      [
        [0, 0],
        [65_535, 65_535],
      ],
    ],
    [
      'URLs',
      leaf.url({ about }),
      [
        [
          'http://dex.auth.svc.cluster.local:5556/dex',
          'http://dex.auth.svc.cluster.local:5556/dex',
        ],
        ['https://Example.com/a?b=c', 'https://Example.com/a?b=c'],
      ],
    ],
    [
      'URLs or paths',
      leaf.urlOrPath({ about }),
      [
        ['/dex/auth', '/dex/auth'],
        ['/dex/auth?connector_id=ldap', '/dex/auth?connector_id=ldap'],
        ['https://a.example.com/x', 'https://a.example.com/x'],
      ],
    ],
    [
      'origins',
      leaf.origin({ about }),
      [
        ['https://kubeflow.example.com', 'https://kubeflow.example.com'],
        ['https://Kubeflow.Example.com:443/', 'https://kubeflow.example.com'],
        ['http://[::1]:8080', 'http://[::1]:8080'],
      ],
    ],
    [
      'path prefixes',
      leaf.pathPrefix({ about }),
      [
        ['/', '/'],
        ['/dex/', '/dex/'],
        ['/a/b', '/a/b'],
      ],
    ],
    [
      'address ranges',
      leaf.cidr({ about }),
      [
        ['10.0.0.0/8', '10.0.0.0/8'],
        ['192.0.2.7', '192.0.2.7'],
        ['fd00::/8', 'fd00::/8'],
        ['2001:db8::7', '2001:db8::7'],
      ],
    ],
    ['header names', leaf.headerName({ about }), [['kubeflow-userid', 'kubeflow-userid']]],
    ['header patterns', leaf.headerPattern({ about }), [['x-remote-*', 'x-remote-*']]],
    [
      'addresses',
      leaf.hostPort({ about }),
      [
        ['redis:6379', 'redis:6379'],
        ['[fd00::1]:6379', '[fd00::1]:6379'],
      ],
    ],
  ])('%s are read', (_kind, schema, good) => {
    for (const [given, read] of good) expect(accepts(schema, given)).toBe(read);
  });

  test.each<[kind: string, schema: z.ZodType, bad: unknown[]]>([
    [
      'durations',
      leaf.duration({ about, min: '1s', max: '1d' }),
      ['5', '5 m', '-5m', '0s', '999ms', '25h', '5M', '1.5h', '', 5, null, undefined],
    ],
    [
      'sizes',
      leaf.size({ about, min: '1KiB', max: '1MiB' }),
      ['64', '64kb', '64KB', '1023B', '2MiB', -1, 65_536],
    ],
    ['numbers', leaf.count({ about, min: 0, max: 9 }), [10, -1, 1.5, NaN, '3', Infinity]],
    ['flags', leaf.flag({ about }), ['true', 1, null]],
    ['choices', leaf.choice(['memory', 'redis'], { about }), ['Redis', '', 0]],
    ['texts', leaf.text({ about }), ['', ' a', 'a\n', 'a\u0000', 3]],
    [
      'URLs',
      leaf.url({ about }),
      [
        'ftp://x',
        'dex:5556',
        'https://',
        'https://user:password@x',
        'https://x#y',
        'https://x y',
        'https:/x',
        'https:\\\\x',
        ' https://x',
        'HTTPS://x',
      ],
    ],
    [
      'URLs or paths',
      leaf.urlOrPath({ about }),
      [
        'dex/auth',
        '//evil.example.com',
        '/a/../b',
        '/\\evil',
        '/a?b#c',
        '/a?b\r\nc',
        'javascript:alert(1)',
        '',
      ],
    ],
    ['origins', leaf.origin({ about }), ['https://x/path', 'https://x?q', 'x.example.com', '*']],
    [
      'path prefixes',
      leaf.pathPrefix({ about }),
      ['', 'a', '//', '/a//b', '/a/./b', '/../a', '/%61', '/a?b', '/a#b', '/a;b', '/a\\b', '/a b'],
    ],
    [
      'address ranges',
      leaf.cidr({ about }),
      [
        ...['0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0/8', 'x', '10.0.0.0/8/8', '10.0.0.0/08', ''],
        ...['::ffff:0.0.0.0/96', '::FFFF:a00:0/104', '0:0:0:0:0:ffff:10.0.0.7', 'fe80::1%eth0'],
      ],
    ],
    ['header names', leaf.headerName({ about }), ['X-User', 'x_user', 'x.user', '-x', '', 'a b']],
    ['header patterns', leaf.headerPattern({ about }), ['*', 'x*y', 'X-*', '']],
    [
      'addresses',
      leaf.hostPort({ about }),
      ['redis', 'redis:0', 'redis:65536', 'fd00::1:6379', ':1'],
    ],
    ['directories', leaf.directory({ about }), ['', 'a\u0000b', 1]],
  ])('%s are refused with what would be right', (_kind, schema, bad) => {
    for (const value of bad) expect(accepts(schema, value), String(value)).toMatch(refused);
  });

  test('of a path prefix mean the same to every parser', () => {
    const schema = leaf.pathPrefix({ about });
    const piece = fc.oneof(fc.constantFrom('/', '.', '%2e', ';', '?', '#', '\\', 'a'), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = `/${pieces.join('')}`;
        if (schema.safeParse(text).success) expect(new URL(`http://x${text}`).pathname).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test('of a URL or path never lead to another site when they are paths', () => {
    const schema = leaf.urlOrPath({ about });
    fc.assert(
      fc.property(fc.stringMatching(/^[/\\.a-z@:?#]{1,12}$/), (rest) => {
        const text = `/${rest}`;
        if (schema.safeParse(text).success)
          expect(new URL(text, 'https://gateway.example.com').origin).toBe(
            'https://gateway.example.com',
          );
      }),
      { numRuns: 2000 },
    );
  });
});
