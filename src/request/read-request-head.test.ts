import { describe, expect, it } from 'vitest';
import { hygieneWith } from '../../test/fixtures/hygiene.ts';
import { systemRandom } from '../kernel/random.ts';
import type { HygieneOptions } from './hygiene.ts';
import { ownCookies } from './own-cookies.ts';
import { readRequestHead, type RawRequest, type ReadRequestHead } from './read-request-head.ts';
import type { RequestHead } from './request-head.ts';

const options = {
  ownCookies: ownCookies(true),
  publicOrigins: ['https://kubeflow.example.com'],
};

const roomy = { headerCount: 50, headerBytes: 5_000, cookieCount: 50, cookieBytes: 5_000 };

function read(
  change: Partial<RawRequest> & { headers?: readonly string[] } = {},
  more: Partial<HygieneOptions> = {},
): ReadRequestHead {
  const { headers = [], ...request } = change;
  const raw: RawRequest = {
    method: 'GET',
    url: '/notebook/team-a/nb/',
    rawHeaders: ['Host', 'kubeflow.example.com', ...headers],
    peerAddress: '203.0.113.9',
    isEncrypted: false,
    ...request,
  };
  return readRequestHead(raw, hygieneWith({ ...options, ...more }), systemRandom);
}

function head(...args: Parameters<typeof read>): RequestHead {
  const result = read(...args);
  if (result.kind === 'refused') throw new Error(`refused: ${result.reason}`);
  return result.head;
}

function reason(...args: Parameters<typeof read>): string {
  const result = read(...args);
  return result.kind === 'refused' ? result.reason : 'accepted';
}

describe('readRequestHead on an ordinary request', () => {
  it('reads everything that decides', () => {
    const headers = [
      ...['Accept', 'text/html', 'X-Requested-With', 'x', 'Sec-Fetch-Mode', 'navigate'],
      ...['Sec-Fetch-Dest', 'document', 'Sec-Fetch-Site', 'none', 'Origin', 'https://a'],
      ...['Referer', 'https://a/b', 'Cookie', 'a=1; __Host-kfgw=abc', 'X-Request-Id', 'id-1'],
    ];
    expect(head({ headers })).toEqual({
      id: 'id-1',
      method: 'GET',
      target: {
        raw: '/notebook/team-a/nb/',
        path: '/notebook/team-a/nb/',
        query: undefined,
        segments: ['notebook', 'team-a', 'nb', ''],
        decodedSegments: ['notebook', 'team-a', 'nb', ''],
      },
      rawHeaders: ['Host', 'kubeflow.example.com', ...headers],
      host: 'kubeflow.example.com',
      client: { address: '203.0.113.9', scheme: 'http', host: 'kubeflow.example.com' },
      authorization: { kind: 'none' },
      sessionCookie: 'abc',
      hints: {
        accept: 'text/html',
        requestedWith: 'x',
        fetchMode: 'navigate',
        fetchDest: 'document',
        fetchSite: 'none',
        origin: 'https://a',
        referer: 'https://a/b',
        isWebSocket: false,
      },
      removedHeaders: [],
    });
  });

  it('joins repeated lines as HTTP says, so that no reader can pick one of them', () => {
    const { hints } = head({ headers: ['Origin', 'https://a', 'origin', 'https://b'] });
    expect(hints.origin).toBe('https://a, https://b');
  });

  it('is not confused by headers named like parts of the language', () => {
    const headers = ['__proto__', 'x', 'constructor', 'y', 'toString', 'z'];
    expect(head({ headers }).rawHeaders).toContain('__proto__');
  });
});

describe('readRequestHead on methods and targets', () => {
  it.each(['CONNECT', 'TRACE', 'PROPFIND', 'get', ''])('refuses method %j', (method) => {
    expect(reason({ method })).toBe('method_not_supported');
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('takes %s', (method) => {
    expect(reason({ method })).toBe('accepted');
  });

  it.each([
    ['*', 'target_form'],
    ['/a/../b', 'target_dot_segment'],
    ['/notebook/team-a%2fnb', 'target_ambiguous'],
    ['/notebook/Team/nb', 'target_name'],
  ])('refuses target %s', (url, expected) => {
    expect(reason({ method: 'OPTIONS', url })).toBe(expected);
  });

  it('refuses a URL that is longer than the limit, and takes one that is as long', () => {
    const limits = { ...roomy, urlBytes: 100 };
    expect(reason({ url: `/${'a'.repeat(99)}` }, { limits })).toBe('accepted');
    expect(reason({ url: `/${'a'.repeat(100)}` }, { limits })).toBe('url_too_long');
  });
});

describe('readRequestHead on Host, Expect and framing', () => {
  it.each([
    ['no Host', []],
    ['two of them', ['Host', 'a', 'host', 'a']],
    ['an empty one', ['Host', '']],
    ['user information', ['Host', 'a@b']],
    ['a list', ['Host', 'a, b']],
    ['a path', ['Host', 'a/b']],
  ])('refuses %s', (_, rawHeaders) => {
    expect(reason({ rawHeaders })).toBe('host_ambiguous');
  });

  it('takes 100-continue and no other expectation', () => {
    expect(reason({ headers: ['Expect', '100-Continue'] })).toBe('accepted');
    expect(reason({ headers: ['Expect', '200-maybe'] })).toBe('expectation_failed');
  });

  it.each([
    [
      'Content-Length with Transfer-Encoding',
      ['Content-Length', '1', 'Transfer-Encoding', 'chunked'],
    ],
    ['a repeated Content-Length', ['Content-Length', '1', 'Content-Length', '1']],
    ['a list of lengths', ['Content-Length', '1, 1']],
    ['a signed length', ['Content-Length', '+1']],
    ['an empty length', ['Content-Length', '']],
    ['another coding', ['Transfer-Encoding', 'gzip, chunked']],
    ['identity', ['Transfer-Encoding', 'identity']],
    ['chunked twice', ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
    ['an upgrade with a body', ['Upgrade', 'websocket', 'Content-Length', '4']],
    ['an upgrade in chunks', ['Upgrade', 'h2c, WebSocket', 'Transfer-Encoding', 'chunked']],
  ])('refuses %s', (_, headers) => {
    expect(reason({ method: 'POST', headers })).toBe('malformed_request');
  });

  it.each([
    ['Content-Length', '0'],
    ['Content-Length', '2147483648'],
    ['Transfer-Encoding', 'Chunked'],
  ])('takes %s: %s', (name, value) => {
    expect(reason({ method: 'POST', headers: [name, value] })).toBe('accepted');
  });
});

describe('readRequestHead on upgrades that are ignored', () => {
  it('takes their body for a body', () => {
    const headers = ['Connection', 'Upgrade', 'Upgrade', 'h2c', 'Content-Length', '4'];
    expect(reason({ method: 'POST', headers })).toBe('accepted');
  });
});

describe('readRequestHead on credentials', () => {
  it('keeps an empty bearer, so that it is rejected and not taken for no credential', () => {
    const { authorization } = head({ headers: ['Authorization', 'Bearer'] });
    expect(authorization).toEqual({ kind: 'bearer', token: '' });
  });

  it.each([
    ['two lines', ['Authorization', 'Bearer a', 'authorization', 'Bearer a']],
    ['joined lines', ['Authorization', 'Bearer a, Basic b']],
    ['two lines of auth-params', ['Authorization', 'Digest a=b', 'Authorization', 'c=d']],
  ])('refuses %s', (_, headers) => {
    expect(reason({ headers })).toBe('authorization_ambiguous');
  });

  it('reads our cookie from several Cookie lines', () => {
    const headers = ['Cookie', 'a=1', 'Cookie', '__Host-kfgw=abc'];
    expect(head({ headers }).sessionCookie).toBe('abc');
  });

  it('takes our cookie twice with the same value', () => {
    const headers = ['Cookie', '__Host-kfgw=abc', 'Cookie', '__Host-kfgw=abc'];
    expect(head({ headers }).sessionCookie).toBe('abc');
  });

  it('reads the plain cookie only where cookies are not secure', () => {
    const headers = ['Cookie', 'kfgw=abc'];
    expect(head({ headers }).sessionCookie).toBeUndefined();
    expect(head({ headers }, { ownCookies: ownCookies(false) }).sessionCookie).toBe('abc');
  });

  it.each([
    ['with different values', ['Cookie', '__Host-kfgw=abc', 'Cookie', '__Host-kfgw=abd']],
    ['behind a comma', ['Cookie', 'a=1,__Host-kfgw=abc']],
  ])('refuses our cookie %s', (_, headers) => {
    expect(reason({ headers })).toBe('cookie_ambiguous');
  });
});

describe('readRequestHead on identity headers', () => {
  it('notes what the client sent under a managed name, by entry of the list', () => {
    const headers = ['KubeFlow-UserId', 'a', 'kubeflow-userid', 'b', 'X-Remote-Extra-Foo', 'c'];
    expect(head({ headers }).removedHeaders).toEqual([
      'kubeflow-userid',
      'kubeflow-userid',
      'x-remote-*',
    ]);
  });

  it('refuses an alias', () => {
    expect(reason({ headers: ['kubeflow_userid', 'a'] })).toBe('header_alias');
  });

  it('manages what the gateway sets whatever the configured list says', () => {
    const more = { managedHeaders: ['x-user'] };
    const headers = ['kubeflow-userid', 'a', 'X-User', 'b', 'x-kfgw-assertion', 'c'];
    expect(head({ headers }, more).removedHeaders).toEqual([
      'kubeflow-userid',
      'x-user',
      'x-kfgw-*',
    ]);
    expect(reason({ headers: ['x_user', 'b'] }, more)).toBe('header_alias');
  });
});

describe('readRequestHead on control characters and limits', () => {
  it.each(['a\u0000b', 'a\rb', 'a\nb', 'a\u001bb', 'a\u007fb'])('refuses the value %j', (value) => {
    expect(reason({ headers: ['X-Any', value] })).toBe('malformed_request');
  });

  it('takes tabs and bytes above 0x7f', () => {
    expect(reason({ headers: ['X-Any', 'a\tb\u00e9'] })).toBe('accepted');
  });

  it('does not look again where node:http has looked', () => {
    expect(reason({ headers: ['X-Any', 'a\u0001'], hasCheckedValues: true })).toBe('accepted');
  });

  it('takes 64 KiB of headers by default', () => {
    expect(reason({ headers: ['X-Any', 'a'.repeat(64 * 1024)] })).toBe('accepted');
  });

  const lines = (count: number): string[] =>
    Array.from({ length: count }, () => ['X-A', 'b']).flat();

  it.each([
    ['headerCount', lines(9), lines(10)],
    ['headerBytes', ['X', 'a'.repeat(67)], ['X', 'a'.repeat(68)]],
    ['cookieBytes', ['Cookie', `a=${'b'.repeat(8)}`], ['Cookie', `a=${'b'.repeat(9)}`]],
    ['cookieCount', ['Cookie', 'a;b'], ['Cookie', 'a;b', 'Cookie', 'c']],
  ])('keeps to limits.%s', (_, within, above) => {
    const limits = {
      urlBytes: 100,
      headerCount: 10,
      headerBytes: 'Host'.length + 'kubeflow.example.com'.length + 4 + 1 + 67 + 4,
      cookieCount: 2,
      cookieBytes: 10,
    };
    expect(reason({ headers: within }, { limits })).toBe('accepted');
    expect(reason({ headers: above }, { limits })).toBe('headers_too_large');
  });
});

describe('readRequestHead on WebSockets', () => {
  it.each([
    [['Connection', 'keep-alive, Upgrade', 'Upgrade', 'WebSocket'], true],
    [['Connection', 'upgrade', 'Upgrade', 'foo, websocket'], true],
    [['Upgrade', 'websocket'], false],
    [['Connection', 'upgrade', 'Upgrade', 'h2c'], false],
    [['Connection', 'upgrade'], false],
  ])('%j: %s', (headers, expected) => {
    expect(head({ headers }).hints.isWebSocket).toBe(expected);
    expect(head({ method: 'HEAD', headers }).hints.isWebSocket).toBe(false);
  });
});

describe('readRequestHead on ids and the client', () => {
  it.each(['', 'a b', 'x'.repeat(65), 'id;drop', 'é', '<script>'])(
    'replaces the request id %j',
    (id) => {
      expect(head({ headers: ['X-Request-Id', id] }).id).toMatch(/^[\w-]{22}$/);
    },
  );

  it('makes a new id where the client sent two', () => {
    const headers = ['X-Request-Id', 'a', 'X-Request-Id', 'b'];
    expect(head({ headers }).id).toMatch(/^[\w-]{22}$/);
  });

  it('gives refused requests an id too, the given one when it is plain', () => {
    expect(read({ url: '*', headers: ['x-request-id', 'id-1'] })).toEqual({
      kind: 'refused',
      reason: 'target_form',
      requestId: 'id-1',
    });
    expect(read({ url: '*' })).toHaveProperty('requestId', expect.stringMatching(/^[\w-]{22}$/));
  });

  it('believes forwarded headers from trusted proxies only', () => {
    const headers = [
      ...['X-Forwarded-For', '198.51.100.7', 'X-Forwarded-For', '198.51.100.8'],
      ...['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'public.example'],
    ];
    expect(head({ headers }).client.address).toBe('203.0.113.9');
    expect(head({ headers }, { trustedProxies: ['203.0.113.0/24'] }).client).toEqual({
      address: '198.51.100.8',
      scheme: 'https',
      host: 'public.example',
    });
  });
});
