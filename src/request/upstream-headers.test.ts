import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hygieneWith, managedByDefault } from '../../test/fixtures/hygiene.ts';
import { systemRandom } from '../kernel/random.ts';
import { compileManagedHeaders } from './managed-headers.ts';
import { isOwnCookie, ownCookies } from './own-cookies.ts';
import { readRequestHead } from './read-request-head.ts';
import type { RequestHead } from './request-head.ts';
import { hopHeaders, keptHeaders, type KeptCredentials } from './upstream-headers.ts';

const hygiene = hygieneWith({ ownCookies: ownCookies(true) });

function head(headers: readonly string[]): RequestHead {
  const rawHeaders = ['Host', 'kf.example', ...headers];
  const request = {
    method: 'POST',
    url: '/',
    rawHeaders,
    peerAddress: '192.0.2.1',
    isEncrypted: true,
  };
  const read = readRequestHead(request, hygiene, systemRandom);
  if (read.kind === 'refused') throw new Error(`refused: ${read.reason}`);
  return read.head;
}

/** What is kept of these headers, without the Host that every request has. */
function kept(headers: readonly string[], credentials?: KeptCredentials): string[] {
  const [hostName, host, ...rest] = keptHeaders(head(headers), hygiene, credentials);
  expect([hostName, host]).toEqual(['Host', 'kf.example']);
  return rest;
}

describe('keptHeaders', () => {
  it("keeps applications' headers as spelled, repeated and ordered by the client", () => {
    const headers = [
      ...[
        'X-XSRF-TOKEN',
        'a',
        'accept',
        '*/*',
        'Accept',
        'text/html',
        'Origin',
        'https://kf.example',
      ],
      ...['Sec-WebSocket-Protocol', 'v1.kernel', 'Sec-Fetch-Site', 'same-origin', 'x_custom', 'b'],
    ];
    expect(kept(headers)).toEqual(headers);
  });

  it.each([
    ...[
      'Keep-Alive',
      'Proxy-Connection',
      'Proxy-Authorization',
      'Proxy-Authenticate',
      'TE',
      'Trailer',
    ],
    ...['Upgrade', 'HTTP2-Settings', 'Connection'],
  ])('drops the hop-by-hop header %s', (name) => {
    expect(kept([name, 'x'])).toEqual([]);
  });

  it('drops what Connection names, in any case and in several lines', () => {
    const headers = [
      'Connection',
      'close, X-Hop',
      'connection',
      'x-other',
      'X-HOP',
      'a',
      'X-Other',
      'b',
    ];
    expect(kept([...headers, 'X-End', 'c'])).toEqual(['X-End', 'c']);
  });

  it('keeps Host and the framing of the body even when Connection names them', () => {
    const named = 'host, content-length, transfer-encoding';
    expect(kept(['Connection', named, 'Content-Length', '3'])).toEqual(['Content-Length', '3']);
    expect(kept(['Connection', named, 'Transfer-Encoding', 'chunked'])).toEqual([
      ...['Transfer-Encoding', 'chunked'],
    ]);
  });

  it.each(['Content_Length', 'Transfer_Encoding', 'transfer.encoding', 'X_Request_Id'])(
    'drops %s, an alias of what frames or names the request',
    (name) => {
      expect(kept([name, '1'])).toEqual([]);
    },
  );

  it.each([
    ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'x_http_method_override'],
    ...['X-Original-URL', 'X-Original-URI', 'X-Original-Method', 'X-Rewrite-URL', 'X_Rewrite_Url'],
    ...['X-Envoy-Original-Path', 'x-envoy-retry-on', 'X-Real-IP', 'X-Client-IP', 'True-Client-IP'],
    ...['Forwarded', 'X-Forwarded', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host'],
    ...[
      'X-Forwarded-Port',
      'X-Forwarded-Prefix',
      'X-Forwarded-Uri',
      'x_forwarded_for',
      'X-Request-Id',
    ],
  ])('drops %s, which would override what was judged', (name) => {
    expect(kept([name, 'x'])).toEqual([]);
  });

  it.each([
    'kubeflow-userid',
    'Kubeflow-Groups',
    'X-Kfgw-Assertion',
    'X-Forwarded-User',
    'Impersonate-User',
  ])('drops the managed header %s, empty or not', (name) => {
    expect(kept([name, 'x', name, ''])).toEqual([]);
  });

  it("drops the caller's credentials unless told to keep them", () => {
    const headers = ['Authorization', 'Basic abc', 'Cookie', '__Host-kfgw=s; _xsrf=2'];
    expect(kept(headers)).toEqual(['Cookie', '_xsrf=2']);
    expect(kept(headers, { authorization: true, ownCookies: true })).toEqual(headers);
    expect(kept(['Cookie', '__Host-kfgw=s; kfgw-login-0=x'])).toEqual([]);
  });

  it('makes one Cookie line of several, so that every application reads the same', () => {
    expect(kept(['Cookie', 'a=1', 'X-A', 'b', 'cookie', '__Host-kfgw=s; c=2'])).toEqual([
      ...['X-A', 'b'],
      ...['Cookie', 'a=1; c=2'],
    ]);
  });
});

describe('hopHeaders', () => {
  it('writes who the client is and the request id', () => {
    const request = head(['X-Request-Id', 'id-1', 'X-Forwarded-For', '1.1.1.1']);
    expect(hopHeaders(request)).toEqual([
      ...['X-Forwarded-For', '192.0.2.1'],
      ...['X-Forwarded-Proto', 'https'],
      ...['X-Forwarded-Host', 'kf.example'],
      ...['X-Request-Id', 'id-1'],
    ]);
  });
});

describe('readRequestHead and keptHeaders as a property', () => {
  const managed = compileManagedHeaders(managedByDefault);
  const name = fc.oneof(
    fc.constantFrom('Cookie', 'cookie', 'Connection', 'Content-Length', 'Transfer-Encoding', 'TE'),
    fc.constantFrom('kubeflow-userid', 'KUBEFLOW-USERID', 'X-Remote-Foo', 'Authorization', 'Host'),
    fc.constantFrom('X-Forwarded-For', 'x_forwarded_for', 'Upgrade', 'Expect', '__proto__', 'X-A'),
    fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/),
  );
  const value = fc.oneof(
    fc.constantFrom('kubeflow-userid', 'host, content-length', 'chunked', '3', 'websocket', 'a'),
    fc.constantFrom('kfgw=1; a=2', '__Host-kfgw=x', 'a=1,kfgw=2', 'b=3', 'Bearer x', '', 'a\r\nb'),
    fc.string({ maxLength: 10 }),
  );

  it('never throws, whatever the bytes, and lets nothing through that is not for applications', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), fc.string(), (pairs, url) => {
        const rawHeaders = ['Host', 'kf.example', ...pairs.flat()];
        const targets = [`/${url}`, '/'];
        for (const target of targets) {
          const request = { method: 'POST', url: target, rawHeaders };
          const hop = { peerAddress: '192.0.2.1', isEncrypted: false };
          const read = readRequestHead({ ...request, ...hop }, hygiene, systemRandom);
          if (read.kind === 'refused') continue;
          const list = keptHeaders(read.head, hygiene);
          const names = list
            .filter((_, index) => index % 2 === 0)
            .map((text) => text.toLowerCase());
          expect(names.filter((text) => managed.classify(text) !== 'other')).toEqual([]);
          const framing = names.filter((text) => /^(content-length|transfer-encoding)$/.test(text));
          expect(framing.length).toBeLessThanOrEqual(1);
          expect(names.filter((text) => text === 'host')).toHaveLength(1);
          expect(names).not.toContain('authorization');
          const cookies = list.filter((_, index) => list[index - 1] === 'Cookie');
          expect(cookies.length).toBeLessThanOrEqual(1);
          const pairsLeft = cookies.flatMap((text) => text.split(';'));
          expect(pairsLeft.filter((text) => isOwnCookie(text.split('=')[0] ?? ''))).toEqual([]);
          expect(list.join('\n')).not.toContain('\r');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
