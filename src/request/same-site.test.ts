import { describe, expect, it } from 'vitest';
import type { ClientHints } from './request-head.ts';
import { isSameSite } from './same-site.ts';

const origins = ['https://kubeflow.example.com', 'http://localhost:8080'];

function judge(
  change: { method?: string; host?: string } & Partial<ClientHints>,
  publicOrigins: readonly string[] = origins,
): boolean {
  const { method = 'POST', host = 'kubeflow.example.com', ...hints } = change;
  const noHints = { accept: undefined, requestedWith: undefined, fetchMode: undefined };
  const none = {
    fetchDest: undefined,
    fetchSite: undefined,
    origin: undefined,
    referer: undefined,
  };
  return isSameSite(
    { method, host, hints: { ...noHints, ...none, isWebSocket: false, ...hints } },
    publicOrigins,
  );
}

describe('isSameSite for unsafe methods', () => {
  it.each(['https://kubeflow.example.com', 'http://localhost:8080'])(
    'accepts our origin %s',
    (origin) => {
      expect(judge({ origin })).toBe(true);
    },
  );

  it.each([
    ...['null', '', 'https://evil.example', 'http://kubeflow.example.com', 'kubeflow.example.com'],
    ...['https://kubeflow.example.com:8443', 'https://kubeflow.example.com.evil.example'],
    ...['https://nb.kubeflow.example.com', 'https://kubeflow.example.com, https://evil.example'],
    ...['HTTPS://KUBEFLOW.EXAMPLE.COM/', 'file://'],
  ])('refuses the origin %j', (origin) => {
    expect(judge({ origin })).toBe(false);
    expect(judge({ origin, fetchSite: 'same-origin' })).toBe(false);
  });

  it.each([
    ['same-site', false],
    ['cross-site', false],
    ['same-origin', true],
    ['none', true],
    [undefined, true],
  ] as const)('without Origin, Sec-Fetch-Site %s gives %s', (fetchSite, expected) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(judge({ method, fetchSite })).toBe(expected);
    }
  });
});

describe('isSameSite for safe methods and WebSockets', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('lets %s from anywhere pass', (method) => {
    expect(judge({ method, origin: 'https://evil.example', fetchSite: 'cross-site' })).toBe(true);
  });

  it.each([
    ['https://kubeflow.example.com', true],
    ['https://evil.example', false],
    ['null', false],
    [undefined, false],
  ])('a WebSocket from origin %s: %s', (origin, expected) => {
    expect(judge({ method: 'GET', isWebSocket: true, origin })).toBe(expected);
  });
});

describe('isSameSite without configured origins', () => {
  it.each([
    ['http://kf.local', 'kf.local', true],
    ['https://kf.local', 'kf.local', true],
    ['https://KF.local', 'kf.LOCAL', true],
    ['http://kf.local', 'kf.local:80', true],
    ['https://kf.local:443', 'kf.local', true],
    ['http://kf.local:8080', 'kf.local:8080', true],
    ['http://[::1]:8080', '[::1]:8080', true],
    ['http://kf.local:8080', 'kf.local', false],
    ['http://evil.example', 'kf.local', false],
    ['http://kf.local/x', 'kf.local', false],
    ['ftp://kf.local', 'kf.local', false],
    ['null', 'null', false],
  ])('compares %s with Host %s: %s', (origin, host, expected) => {
    expect(judge({ origin, host }, [])).toBe(expected);
  });
});
