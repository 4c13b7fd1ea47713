import { describe, expect, it } from 'vitest';
import { compileHostPatterns } from './host-patterns.ts';

const plain = compileHostPatterns(['models.example.com', '*.inference.example.com']);

describe('host patterns', () => {
  it.each([
    'models.example.com',
    'MODELS.example.com',
    'models.example.com:8443',
    'models.example.com.',
    'iris.team-a.inference.example.com',
  ])('mean %s', (host) => {
    expect(plain(host)).toEqual({ readings: [] });
    expect(plain(host)).toEqual({ readings: [] });
  });

  it.each([
    'example.com',
    'xmodels.example.com',
    'models.example.com.evil.example',
    'inference.example.com',
    'xinference.example.com',
    '[::1]:8080',
  ])('do not mean %s', (host) => {
    expect(plain(host)).toBeUndefined();
  });

  it('mean nothing when there are none', () => {
    expect(compileHostPatterns([])('models.example.com')).toBeUndefined();
  });

  it('are refused when they are none', () => {
    expect(() => compileHostPatterns(['{ns}.example.com'])).toThrow(RangeError);
  });
});

describe('placeholders in a host pattern', () => {
  it.each([
    ['{name}.{namespace}.example.com', 'iris.team-a.example.com', [['iris', 'team-a']]],
    ['{name}.{namespace}.example.com', 'Iris.Team-A.EXAMPLE.com.', [['iris', 'team-a']]],
    ['{name}-predictor.{namespace}.x', 'iris-predictor.team-a.x', [['iris', 'team-a']]],
    ['models.{namespace}.x', 'models.team-a.x:80', [['', 'team-a']]],
    ['{namespace}.{name}.x', 'team-a.iris.x', [['iris', 'team-a']]],
    [
      '{name}-{namespace}.x',
      'a-b-c.x',
      [
        ['a', 'b-c'],
        ['a-b', 'c'],
      ],
    ],
    // No name ends or begins with "-".
    ['{name}-{namespace}.x', 'a--b.x', []],
    ['{name}-{namespace}.x', 'a-b--c.x', [['a', 'b--c']]],
    ['{name}.{namespace}.x', 'iris.x', []],
    ['{name}.{namespace}.x', 'a.iris.team-a.x', []],
    ['{name}.{namespace}.x', `${'a'.repeat(64)}.team-a.x`, []],
    ['{name}.{namespace}.x', 'iris.team_a.x', []],
  ])('%s reads %s', (pattern, host, wanted) => {
    const readings = compileHostPatterns([pattern])(host)?.readings ?? [];
    expect(readings.map(({ name, namespace }) => [name, namespace])).toEqual(wanted);
  });

  it('are read in every pattern that fits', () => {
    const read = compileHostPatterns([
      '{name}.{namespace}.x',
      '{name}-predictor.{namespace}.x',
      '*.x',
    ]);
    expect(read('iris-predictor.team-a.x')?.readings).toEqual([
      { name: 'iris-predictor', namespace: 'team-a' },
      { name: 'iris', namespace: 'team-a' },
    ]);
    expect(read('x.y.z.x')?.readings).toEqual([]);
  });

  it('are read the same however many hosts have come before', () => {
    const read = compileHostPatterns(['{name}.{namespace}.x']);
    const hosts = Array.from({ length: 3000 }, (_, at) => `n${at}.team-${at % 7}.x`);
    for (const host of [...hosts, ...hosts]) {
      const [name, namespace] = host.split('.');
      expect(read(host)?.readings).toEqual([{ name, namespace }]);
    }
    const long = `${'a.'.repeat(200)}x`;
    expect([read(long), read(long)]).toEqual([undefined, undefined]);
  });
});
