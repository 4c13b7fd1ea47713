import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from './parse-config.ts';

const oidc = { issuer: 'https://issuer.example.com' };
const upstream = { prefix: '/', url: 'http://demo' };

function pathsOf(yaml: object): string[] {
  const { problems } = parseConfig({ yamlText: stringify({ oidc, ...yaml }), env: {} });
  return problems.map(({ path }) => path);
}

const https = ['https://kubeflow.example.com'];
const http = ['http://localhost:8080'];
const withoutSecure = { insecureWithoutSecure: true };
const redis = { addresses: ['redis:6379'] };

describe('options that contradict each other are problems', () => {
  test.each<[what: string, yaml: object, path: string]>([
    [
      'plain-http origin with Secure cookies',
      { publicOrigins: http },
      'cookies.insecureWithoutSecure',
    ],
    [
      'https origin with cookies without Secure',
      { publicOrigins: https, cookies: withoutSecure },
      'cookies.insecureWithoutSecure',
    ],
    ['origins of both schemes', { publicOrigins: [...https, ...http] }, 'publicOrigins'],
    ['http issuer that is not named', { oidc: { issuer: 'http://dex/dex' } }, 'oidc.issuer'],
    [
      'http token endpoint that is not named',
      { oidc: { ...oidc, endpoints: { token: 'http://dex/token' } } },
      'oidc.endpoints.token',
    ],
    [
      'redirect URI at another path',
      { oidc: { ...oidc, redirectUri: '/callback' } },
      'oidc.redirectUri',
    ],
    [
      'redirect URI with a query',
      { oidc: { ...oidc, redirectUri: '/oauth2/callback?a=b' } },
      'oidc.redirectUri',
    ],
    [
      'redirect URI at another origin',
      {
        publicOrigins: https,
        oidc: { ...oidc, redirectUri: 'https://other.example.com/oauth2/callback' },
      },
      'oidc.redirectUri',
    ],
    [
      'hosts of inference services that are ours',
      { publicOrigins: https, inferenceHosts: ['*.example.com'] },
      'inferenceHosts[0]',
    ],
    [
      'a template of such hosts that ours fits',
      {
        publicOrigins: ['https://kubeflow.team.example.com'],
        inferenceHosts: ['{name}.{namespace}.example.com'],
      },
      'inferenceHosts[0]',
    ],
    ['manifests without a directory', { rbac: { source: 'manifests' } }, 'rbac.manifestsDirectory'],
    [
      'a directory that nobody reads',
      { rbac: { manifestsDirectory: '/etc/policy' } },
      'rbac.manifestsDirectory',
    ],
    [
      'manifests and a cluster',
      { rbac: { source: 'manifests', manifestsDirectory: '/p', kubeconfigFile: '/k' } },
      'rbac.source',
    ],
    [
      'a canary that is always late',
      { rbac: { canary: { every: '1m', staleAfter: '15s' } } },
      'rbac.canary.staleAfter',
    ],
    ['scopes without openid', { oidc: { ...oidc, scopes: ['email'] } }, 'oidc.scopes'],
    ['a reserved prefix of users', { claims: { userPrefix: 'system:' } }, 'claims.userPrefix'],
    ['a reserved prefix of groups', { claims: { groupsPrefix: 'a,b' } }, 'claims.groupsPrefix'],
    [
      'sessions in Redis with keys made in memory',
      { session: { store: 'redis' }, redis },
      'keys.directory',
    ],
    [
      'sessions in Redis without Redis',
      { session: { store: 'redis' }, keys: { directory: '/tmp' } },
      'redis.addresses',
    ],
    [
      'several addresses of one server',
      { redis: { addresses: ['a:1', 'b:1'] } },
      'redis.addresses',
    ],
    [
      'a database number of a Cluster',
      { redis: { ...redis, mode: 'cluster', database: 1 } },
      'redis.database',
    ],
    ['half a client certificate', { redis: { tls: { certFile: '/dev/null' } } }, 'redis.tls'],
    [
      'an idle limit beyond the absolute one',
      { session: { idle: '2d', absolute: '1d' } },
      'session.idle',
    ],
    [
      'claims that age before they are refreshed',
      { claims: { refreshAfter: '2h', maxAge: '2h' } },
      'claims.refreshAfter',
    ],
    [
      'an outage bound beyond the age of claims',
      { session: { outageBound: '9h' } },
      'session.outageBound',
    ],
    [
      'cookies larger than all headers',
      { limits: { cookieBytes: '128KiB' } },
      'limits.headerBytes',
    ],
    [
      'one port for two listeners',
      { listeners: { admin: { port: 8080 } } },
      'listeners.admin.port',
    ],
    [
      'a header of HTTP for identity',
      { identityHeaders: { userId: 'cookie' } },
      'identityHeaders.userId',
    ],
    [
      'one header for user and groups',
      { identityHeaders: { groups: 'kubeflow-userid' } },
      'identityHeaders.groups',
    ],
    [
      'the header of the session JWT for groups',
      { identityHeaders: { groups: 'x-kfgw-assertion' } },
      'identityHeaders.groups',
    ],
    [
      'a header of HTTP among the managed ones',
      { identityHeaders: { managed: ['x-user', 'authorization'] } },
      'identityHeaders.managed[1]',
    ],
    [
      'one prefix twice, with and without its slash',
      {
        upstreams: [
          { ...upstream, prefix: '/a' },
          { ...upstream, prefix: '/a/' },
        ],
      },
      'upstreams[1].prefix',
    ],
    ['one port twice', { listeners: { admin: { port: 9091 } } }, 'listeners.local.port'],
    [
      'a local listener for everybody',
      { listeners: { local: { host: '0.0.0.0' } } },
      'listeners.local.host',
    ],
    [
      'a local listener at a name that only begins like a loopback address',
      { listeners: { local: { host: '127.0.0.1.example.com' } } },
      'listeners.local.host',
    ],
    [
      'a prefix among our own paths',
      { upstreams: [{ ...upstream, prefix: '/oauth2/x' }] },
      'upstreams[0].prefix',
    ],
    [
      'an assertion for a public application',
      { upstreams: [{ ...upstream, access: 'public', sendAssertion: true }] },
      'upstreams[0].sendAssertion',
    ],
  ])('%s', (_what, yaml, path) => {
    expect(pathsOf(yaml)).toEqual([path]);
  });
});

describe('options that agree are no problem', () => {
  test.each<[what: string, yaml: object]>([
    ['https origins', { publicOrigins: https }],
    ['a local listener at another loopback address', { listeners: { local: { host: '::1' } } }],
    ['free ports for all', { listeners: { admin: { port: 0 }, local: { port: 0 } } }],
    ['a plain-http origin without Secure', { publicOrigins: http, cookies: withoutSecure }],
    [
      "Kubeflow's Dex by name",
      { oidc: { issuer: 'http://dex/dex', insecureIssuerOverHttp: true } },
    ],
    [
      'a redirect URI at a public origin',
      {
        publicOrigins: https,
        oidc: { ...oidc, redirectUri: 'https://kubeflow.example.com/oauth2/callback' },
      },
    ],
    [
      'Redis with mounted keys',
      { session: { store: 'redis' }, redis, keys: { directory: '/tmp' } },
    ],
    ['free ports for both listeners', { listeners: { public: { port: 0 }, admin: { port: 0 } } }],
  ])('%s', (_what, yaml) => {
    expect(pathsOf(yaml)).toEqual([]);
  });
});

test('rules speak also when another section is broken', () => {
  expect(
    pathsOf({ claims: { maxAge: 3 }, session: { idle: '2d', absolute: '1d' } }).toSorted(),
  ).toEqual(['claims.maxAge', 'session.idle']);
});
