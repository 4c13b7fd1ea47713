import { describe, expect, it } from 'vitest';
import { loopbackOrigin } from './loopback-redirect.ts';

describe('loopbackOrigin', () => {
  it.each([
    ['http://127.0.0.1:1/callback', 'http://127.0.0.1:1'],
    ['http://127.0.0.1:65535/callback', 'http://127.0.0.1:65535'],
    ['http://[::1]:8000/callback', 'http://[::1]:8000'],
  ])('takes %s', (uri, origin) => {
    expect(loopbackOrigin(uri)).toBe(origin);
  });

  it.each([
    '',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:080/callback',
    'http://127.0.0.1:8000/',
    'http://127.0.0.1:8000/callback/',
    'http://127.0.0.1:8000/other/callback',
    'http://127.0.0.1:8000/callback?x=/callback',
    'http://127.0.0.1:8000/callback#',
    'http://127.0.0.1:8000@evil.example/callback',
    'http://user@127.0.0.1:8000/callback',
    'http://127.0.0.1.evil.example:8000/callback',
    'http://127.0.0.2:8000/callback',
    'http://127.1:8000/callback',
    'http://0177.0.0.1:8000/callback',
    'http://2130706433:8000/callback',
    'http://0.0.0.0:8000/callback',
    'http://[::]:8000/callback',
    'http://[::ffff:127.0.0.1]:8000/callback',
    'http://[0:0:0:0:0:0:0:1]:8000/callback',
    'http://localhost:8000/callback',
    'https://127.0.0.1:8000/callback',
    'HTTP://127.0.0.1:8000/callback',
    'kfgw://127.0.0.1:8000/callback',
    'javascript:alert(1)//127.0.0.1:8000/callback',
    ' http://127.0.0.1:8000/callback',
    'http://127.0.0.1:8000/callback\n',
    'http://127.0.0.1:8000\\@evil.example/callback',
    'http://127.0.0.1:8000/%63allback',
    'http://１27.0.0.1:8000/callback',
  ])('refuses %j', (uri) => {
    expect(loopbackOrigin(uri)).toBeUndefined();
  });
});
