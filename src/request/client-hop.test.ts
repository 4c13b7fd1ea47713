import { describe, expect, it } from 'vitest';
import { forwardedHeaders, resolveClientHop, type HopClaims } from './client-hop.ts';
import { AddressRanges } from './ip-address.ts';

const proxies = new AddressRanges(['10.0.0.0/8', '2001:db8:aaaa::/48']);
const nobody = new AddressRanges([]);

function claims(change: Partial<HopClaims> = {}): HopClaims {
  return {
    peerAddress: '10.0.0.1',
    isEncrypted: false,
    host: 'kubeflow.example.com',
    forwarded: undefined,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    ...change,
  };
}

describe('resolveClientHop without trust', () => {
  it('believes nothing from a peer that is not a trusted proxy', () => {
    const claimed = claims({
      peerAddress: '203.0.113.9',
      forwarded: 'for=1.1.1.1;proto=https;host=evil.example',
      forwardedFor: '1.1.1.1',
      forwardedProto: 'https',
      forwardedHost: 'evil.example',
    });
    const own = { address: '203.0.113.9', scheme: 'http', host: 'kubeflow.example.com' };
    expect(resolveClientHop(claimed, proxies)).toEqual(own);
    expect(resolveClientHop({ ...claimed, peerAddress: '10.0.0.1' }, nobody)).toEqual({
      ...own,
      address: '10.0.0.1',
    });
  });

  it('takes the scheme from its own hop and writes mapped addresses as IPv4', () => {
    const hop = resolveClientHop(
      claims({ peerAddress: '::ffff:203.0.113.9', isEncrypted: true }),
      nobody,
    );
    expect(hop).toMatchObject({ address: '203.0.113.9', scheme: 'https' });
  });
});

describe('resolveClientHop behind trusted proxies', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9, 10.0.0.7', '203.0.113.9'],
    ['203.0.113.9:50123', '203.0.113.9'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['10.0.0.5, 10.0.0.6', '10.0.0.5'],
    ['1.1.1.1,2001:db8:aaaa::2', '1.1.1.1'],
  ])('reads X-Forwarded-For %j from the right: %s', (forwardedFor, address) => {
    expect(resolveClientHop(claims({ forwardedFor }), proxies).address).toBe(address);
  });

  it.each([
    ['a', '10.0.0.1'],
    ['', '10.0.0.1'],
    ['203.0.113.9, unknown', '10.0.0.1'],
    ['203.0.113.9, ,10.0.0.7', '10.0.0.7'],
    ['127.0.0.1, 999.1.1.1, 10.0.0.7', '10.0.0.7'],
    ['fe80::1%25eth0', '10.0.0.1'],
    ['203.0.113.9 10.0.0.7', '10.0.0.1'],
  ])('stops in %j at what is no address: %s', (forwardedFor, address) => {
    expect(resolveClientHop(claims({ forwardedFor }), proxies).address).toBe(address);
  });

  it('walks hundreds of hops', () => {
    const forwardedFor = `203.0.113.9${', 10.0.0.2'.repeat(300)}`;
    expect(resolveClientHop(claims({ forwardedFor }), proxies).address).toBe('203.0.113.9');
  });

  it('takes scheme and host from the nearest proxy', () => {
    const hop = resolveClientHop(
      claims({ forwardedProto: 'http, HTTPS', forwardedHost: 'evil.example, public.example:8443' }),
      proxies,
    );
    expect(hop).toMatchObject({ scheme: 'https', host: 'public.example:8443' });
  });

  it.each([
    { forwardedProto: 'ftp' },
    { forwardedProto: 'https,' },
    { forwardedHost: 'user@evil.example' },
    { forwardedHost: 'a b' },
    { forwardedHost: '' },
  ])('keeps its own scheme and host for %j', (change) => {
    expect(resolveClientHop(claims(change), proxies)).toMatchObject({
      scheme: 'http',
      host: 'kubeflow.example.com',
    });
  });

  it('reads Forwarded (RFC 7239) where it is the only one', () => {
    const forwarded =
      'for=1.1.1.1;proto=http, for="[2001:db8::7]:99";proto=https;host=public.example, for=10.0.0.9;proto=https;host="public.example"';
    expect(resolveClientHop(claims({ forwarded }), proxies)).toEqual({
      address: '2001:db8::7',
      scheme: 'https',
      host: 'public.example',
    });
  });

  it.each(['for=unknown', 'for=_hidden', 'proto=https', 'for="', 'garbage'])(
    'stops at %j in Forwarded',
    (forwarded) => {
      expect(resolveClientHop(claims({ forwarded }), proxies).address).toBe('10.0.0.1');
    },
  );

  it('believes both headers where they agree and neither where they differ', () => {
    const agreeing = claims({ forwarded: 'for=203.0.113.9', forwardedFor: '203.0.113.9' });
    expect(resolveClientHop(agreeing, proxies).address).toBe('203.0.113.9');
    const differing = claims({
      forwarded: 'for=1.1.1.1;proto=https',
      forwardedFor: '203.0.113.9',
      forwardedProto: 'http',
    });
    expect(resolveClientHop(differing, proxies)).toMatchObject({
      address: '10.0.0.1',
      scheme: 'http',
    });
  });
});

describe('forwardedHeaders', () => {
  it('writes one value for each header', () => {
    const hop = { address: '203.0.113.9', scheme: 'https', host: 'public.example' } as const;
    expect(forwardedHeaders(hop)).toEqual([
      ...['X-Forwarded-For', '203.0.113.9'],
      ...['X-Forwarded-Proto', 'https'],
      ...['X-Forwarded-Host', 'public.example'],
    ]);
  });
});
