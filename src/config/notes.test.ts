import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { notesOf } from './notes.ts';
import { parseConfig } from './parse-config.ts';

/** A configuration that needs no remark. */
const plain = {
  publicOrigins: ['https://kubeflow.example.com'],
  trustedProxies: ['10.0.0.0/8'],
  oidc: { issuer: 'https://issuer.example.com' },
  session: { store: 'redis' },
  redis: { addresses: ['redis:6379'] },
  keys: { directory: '/etc/keys' },
  upstreams: [{ prefix: '/', url: 'http://demo' }],
};

function notes(changes: object): string[] {
  const { config, problems } = parseConfig({
    yamlText: stringify({ ...plain, ...changes }),
    env: {},
  });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return notesOf(config);
}

describe('notes', () => {
  test('are not made of what is as expected', () => {
    expect(notes({})).toEqual([]);
  });

  test.each<[what: string, changes: object, note: string]>([
    ['every Host is ours', { publicOrigins: [] }, 'publicOrigins is empty'],
    ['Secure cookies without a known origin', { publicOrigins: [] }, 'over https only'],
    ['nobody is believed', { trustedProxies: [] }, 'trustedProxies is empty'],
    ['sessions in memory', { session: {} }, 'one replica only'],
    ['keys in memory', { session: {}, keys: {} }, 'Keys are made in memory'],
    ['no refresh', { oidc: { ...plain.oidc, scopes: ['openid'] } }, 'lacks offline_access'],
    ['keys sign before Istio knows them', { sessionJwt: { publishDelay: '5m' } }, 'istiod'],
    ['nothing behind the gateway', { upstreams: [] }, 'upstreams is empty'],
    [
      'a public application',
      { upstreams: [{ prefix: '/dex/', url: 'http://dex', access: 'public' }] },
      '/dex/ is public',
    ],
    [
      'credentials that are passed on',
      { upstreams: [{ prefix: '/a', url: 'http://a', passAuthorization: true }] },
      "receives the caller's Authorization",
    ],
    [
      'cookies that are passed on',
      { upstreams: [{ prefix: '/a', url: 'http://a', passOwnCookies: true }] },
      'can act as the person',
    ],
    [
      'policy that is not the cluster',
      { rbac: { source: 'manifests', manifestsDirectory: '/etc/policy' } },
      'read from manifests',
    ],
    [
      'service accounts that nobody can be asked about',
      { rbac: { source: 'manifests', manifestsDirectory: '/etc/policy' } },
      'Service-account tokens are not taken',
    ],
    ['tokens in memory', { session: {} }, 'a restart ends them all'],
    [
      'tokens without refresh',
      { oidc: { ...plain.oidc, scopes: ['openid'] } },
      'personal tokens stop when their owner has not signed in',
    ],
    [
      "other clients' tokens",
      { tokens: { provider: { audiences: ['kubeflow', 'ci'] } } },
      'makes for kubeflow, ci are taken',
    ],
    [
      'issuers that may name the same users',
      {
        tokens: {
          issuers: [
            { issuer: 'https://a.example', audiences: ['x'], users: ['a:*', 'ci:*'] },
            { issuer: 'https://b.example', audiences: ['x'], users: ['b:*'] },
            { issuer: 'https://c.example', audiences: ['x'], users: ['c:*', 'ci:main:*'] },
          ],
        },
      },
      'tokens.issuers[0] and tokens.issuers[2] may both name users that fit ci:main:*:',
    ],
    ['no patience with the API server', { rbac: { degradedFor: '0s' } }, 'rbac.degradedFor is 0s'],
  ])('tell of %s', (_what, changes, note) => {
    expect(notes(changes).join('\n')).toContain(note);
  });

  test('are not made of issuers with users of their own', () => {
    const issuers = ['a', 'b'].map((name) => ({
      issuer: `https://${name}.example`,
      audiences: ['x'],
      users: [`${name}:*`],
    }));
    expect(notes({ tokens: { issuers } })).toEqual([]);
  });
});
