import { describe, expect, it } from 'vitest';
import { comparableHost, isHost } from './host.ts';

describe('isHost', () => {
  it.each([
    ...[
      'kubeflow.example.com',
      'KUBEFLOW.Example',
      'localhost:8080',
      'a',
      'my_service.ns.svc',
      'a.b.',
    ],
    ...['127.0.0.1', '127.0.0.1:80', '[::1]', '[2001:db8::1]:443', 'xn--bcher-kva.example:1'],
  ])('accepts %s', (text) => {
    expect(isHost(text)).toBe(true);
  });

  it.each([
    ...[
      '',
      ' ',
      'a b',
      'user@host',
      'a/b',
      'a?b',
      'a#b',
      'a\\b',
      'a,b',
      'http://a',
      'a:',
      'a:b',
      'a:123456',
    ],
    ...['[::1', '[a]', '[]', '[::1]x', '::1', 'a%2eb', 'é', '-a', '.a', 'a'.repeat(300)],
  ])('refuses %j', (text) => {
    expect(isHost(text)).toBe(false);
  });
});

describe('comparableHost', () => {
  it.each([
    ['Example.COM', 'https', 'example.com'],
    ['example.com:443', 'https', 'example.com'],
    ['example.com:443', 'http', 'example.com:443'],
    ['example.com:80', 'http', 'example.com'],
    ['[::1]:80', 'http', '[::1]'],
    ['example.com:8080', 'http', 'example.com:8080'],
  ] as const)('%s over %s is %s', (host, scheme, expected) => {
    expect(comparableHost(host, scheme)).toBe(expected);
  });
});
