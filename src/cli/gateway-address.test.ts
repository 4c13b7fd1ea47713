import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGatewayAddress } from './gateway-address.ts';

describe('the address of a gateway', () => {
  test.each([
    ['https://kubeflow.example.com', 'https://kubeflow.example.com'],
    ['https://KubeFlow.example.com:443/', 'https://kubeflow.example.com'],
    [
      'https://kubeflow.example.com:8443/_/pipeline/?ns=a#/runs',
      'https://kubeflow.example.com:8443',
    ],
  ])('%s may be copied from a browser', (text, origin) => {
    expect(readGatewayAddress(text)).toEqual({ kind: 'address', origin, isPlain: false });
  });

  test.each([
    'http://localhost:8080/',
    'http://127.0.0.1:8080',
    'http://[::1]:8080',
    'http://127.1',
  ])('%s may be plain http, because it stays on this machine', (text) => {
    expect(readGatewayAddress(text)).toMatchObject({ kind: 'address', isPlain: true });
  });

  test.each([
    ['http://kubeflow.example.com', 'must begin with https://'],
    ['http://localhost.example.com', 'must begin with https://'],
    ['http://127.0.0.1.example.com', 'must begin with https://'],
    ['http://128.0.0.1', 'must begin with https://'],
    ['https://user:password@kubeflow.example.com', 'must not contain a user name'],
    ['kubeflow.example.com', 'must be an address such as'],
    ['kubeflow.example.com:8443', 'must be an address such as'],
    ['ftp://kubeflow.example.com', 'must be an address such as'],
    ['https://', 'must be an address such as'],
    ['', 'must be an address such as'],
  ])('%s is refused, with what would be right', (text, problem) => {
    expect(readGatewayAddress(text)).toEqual({
      kind: 'refused',
      problem: expect.stringContaining(problem) as unknown,
    });
  });

  test('of any text is a safe origin or refused', () => {
    const scheme = fc.constantFrom('http', 'https', 'ws');
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.constantFrom('localhost', '127.0.0.1', '[::1]'),
    );
    const url = fc.tuple(scheme, host, fc.string()).map(([a, b, c]) => `${a}://${b}${c}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), url), (text) => {
        const read = readGatewayAddress(text);
        if (read.kind === 'refused') return;
        const { protocol, hostname, origin } = new URL(text);
        expect(read.origin).toBe(origin);
        expect(protocol === 'https:' || /^(127\.|\[::1\]$|.*localhost$)/.test(hostname)).toBe(true);
      }),
    );
  });
});
