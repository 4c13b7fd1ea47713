import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from './parse-config.ts';

const PROVIDER = 'https://issuer.example.com';
const ci = { issuer: 'https://ci.example', audiences: ['kfgw'], users: ['ci:*'] };

function pathsOf(tokens: object): string[] {
  const yamlText = stringify({ oidc: { issuer: PROVIDER }, tokens });
  return parseConfig({ yamlText, env: {} }).problems.map(({ path }) => path);
}

const withIssuer = (changes: object) => ({ issuers: [{ ...ci, ...changes }] });
const http = { issuer: 'http://ci.example' };
const url = (changes: object = {}) => ({
  keys: { source: 'url', keySetUrl: 'https://ci.example/keys', ...changes },
});
const insecureHttp = true;

describe('options of bearer tokens that contradict each other are problems', () => {
  test.each<[what: string, tokens: object, path: string]>([
    ['an issuer twice', { issuers: [ci, ci] }, 'tokens.issuers[1].issuer'],
    ['the provider', withIssuer({ issuer: PROVIDER }), 'tokens.issuers[0].issuer'],
    [
      'the cluster',
      withIssuer({ issuer: 'https://kubernetes.default.svc' }),
      'tokens.issuers[0].issuer',
    ],
    ['plain http', withIssuer(http), 'tokens.issuers[0].issuer'],
    ['an issuer that is no address', withIssuer({ issuer: 'ci' }), 'tokens.issuers[0].issuer'],
    [
      'an issuer with a query',
      withIssuer({ issuer: 'https://ci.example/?a=b' }),
      'tokens.issuers[0].issuer',
    ],
    [
      'keys over plain http',
      withIssuer(url({ keySetUrl: 'http://ci.example/keys' })),
      'tokens.issuers[0].keys.keySetUrl',
    ],
    [
      'no address of keys',
      withIssuer(url({ keySetUrl: undefined })),
      'tokens.issuers[0].keys.keySetUrl',
    ],
    [
      'an address of keys that nobody reads',
      withIssuer(url({ source: 'discovery' })),
      'tokens.issuers[0].keys.keySetUrl',
    ],
    [
      'no file of keys',
      withIssuer({ keys: { source: 'file' } }),
      'tokens.issuers[0].keys.keySetFile',
    ],
    [
      'a file of keys that nobody reads',
      withIssuer({ keys: { keySetFile: '/keys.json' } }),
      'tokens.issuers[0].keys.keySetFile',
    ],
    ['no audience', withIssuer({ audiences: [] }), 'tokens.issuers[0].audiences'],
    ['no algorithm', withIssuer({ algorithms: [] }), 'tokens.issuers[0].algorithms'],
    [
      'an algorithm of passwords',
      withIssuer({ algorithms: ['HS256'] }),
      'tokens.issuers[0].algorithms[0]',
    ],
    ['the algorithm none', withIssuer({ algorithms: ['none'] }), 'tokens.issuers[0].algorithms[0]'],
    ['no users', withIssuer({ users: [] }), 'tokens.issuers[0].users'],
    ['all users', withIssuer({ users: ['ci:*', '*'] }), 'tokens.issuers[0].users[1]'],
    ['all users, spelled otherwise', withIssuer({ users: ['**'] }), 'tokens.issuers[0].users[0]'],
    ['the middle of a name', withIssuer({ users: ['*@*'] }), 'tokens.issuers[0].users[0]'],
    ['all groups', withIssuer({ groups: ['*'] }), 'tokens.issuers[0].groups[0]'],
    ['no pattern of groups', withIssuer({ groups: ['a*b'] }), 'tokens.issuers[0].groups[0]'],
    [
      'users of Kubernetes',
      withIssuer({ claims: { userPrefix: 'system:' } }),
      'tokens.issuers[0].claims.userPrefix',
    ],
    [
      'groups with a comma',
      withIssuer({ claims: { groupsPrefix: 'a,' } }),
      'tokens.issuers[0].claims.groupsPrefix',
    ],
    [
      'service accounts for nobody',
      { serviceAccounts: { audiences: [] } },
      'tokens.serviceAccounts.audiences',
    ],
    [
      'the audience of Pipelines for everything',
      { serviceAccounts: { audiences: ['pipelines.kubeflow.org'] } },
      'tokens.serviceAccounts.audiences[0]',
    ],
    [
      "the API server's own audience",
      { serviceAccounts: { audiences: ['kfgw', 'https://kubernetes.default.svc'] } },
      'tokens.serviceAccounts.audiences[1]',
    ],
    [
      'claims that are refreshed too late',
      { claimsRefreshAfter: '1h', maxClaimsAge: '1h' },
      'tokens.claimsRefreshAfter',
    ],
  ])('%s', (_what, tokens, path) => {
    expect(pathsOf(tokens)).toEqual([path]);
  });

  test.each<[what: string, tokens: object]>([
    ['an issuer with its own description', withIssuer({})],
    ['keys at an address', withIssuer({ ...url(), issuer: 'ci' })],
    [
      'keys in a file',
      withIssuer({ issuer: 'ci', keys: { source: 'file', keySetFile: '/k.json' } }),
    ],
    ['an issuer on plain http that is named', withIssuer({ ...http, keys: { insecureHttp } })],
    [
      'keys over plain http that are named',
      withIssuer(url({ keySetUrl: 'http://ci.example/keys', insecureHttp })),
    ],
    [
      'all users and groups, named',
      withIssuer({ users: ['*'], groups: ['*'], insecureAnyUser: true }),
    ],
    ['two issuers', { issuers: [ci, { ...ci, issuer: 'https://other.example' }] }],
    ['no service accounts', { serviceAccounts: { enabled: false, audiences: [] } }],
  ])('but not %s', (_what, tokens) => {
    expect(pathsOf(tokens)).toEqual([]);
  });
});
