// What somebody without rights learns of a namespace: the same bytes, whatever the cluster holds.
import { afterEach, describe, expect, it } from 'vitest';
import { IndexAuthorizer } from '../../src/access/authorizer.ts';
import type { MatchedRoute } from '../../src/access/catalogue/matched-route.ts';
import type { RouteMatcher } from '../../src/access/catalogue/route-matcher.ts';
import type { ResourceAction } from '../../src/access/rbac/access-question.ts';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import type { BindingRecord, ProfileRecord } from '../../src/access/rbac/rbac-records.ts';
import { createStandIns } from '../../src/pages/stand-ins.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import { SESSION_COOKIE, startListener, upstreamOf } from '../fixtures/listener-bed.ts';
import { echo, startNodeUpstream } from '../fixtures/node-upstream.ts';
import { routeThat, rulesThat } from '../fixtures/questions.ts';
import { exchangeRaw } from '../fixtures/raw-connection.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

const ME = 'user@example.com';
const SOMEBODY = 'somebody@example.com';
const getNotebook: ResourceAction = {
  ...{ verb: 'get', group: 'kubeflow.org', resource: 'notebooks', subresource: '' },
};

/** `/notebook/NAMESPACE/NAME/` asks to get the notebook, as in Kubeflow's own catalogue. */
const notebooks: RouteMatcher = {
  match({ target }) {
    const [, namespace = '', name = ''] = target.decodedSegments;
    const questions = [{ action: getNotebook, namespace, name }];
    const route: MatchedRoute = routeThat({ kind: 'questions', questions }, { namespace });
    return { kind: 'route', route };
  },
};

function profileOf(owner: string): ProfileRecord {
  return { namespace: '', name: 'team-b', uid: 'p', owner: { kind: 'User', name: owner } };
}

function bindingOf(user: string): BindingRecord {
  return {
    namespace: 'team-b',
    name: 'namespaceAdmin',
    uid: 'b',
    roleRef: { kind: 'ClusterRole', name: 'kubeflow-admin' },
    subjects: [{ kind: 'User', name: user, namespace: '' }],
  };
}

/** The listener in front of an index that `fill` has filled; all Profiles are new. */
async function start(fill: (index: RbacIndex) => void): Promise<number> {
  const index = new RbacIndex();
  index.sinks.clusterroles.upsert({
    namespace: '',
    name: 'kubeflow-admin',
    uid: 'r',
    rules: [
      {
        verbs: ['*'],
        apiGroups: ['*'],
        resources: ['*'],
        resourceNames: [],
        nonResourceURLs: [],
      },
    ],
  });
  fill(index);
  const authorizer = new IndexAuthorizer({
    rbac: index,
    policy: { state: () => ({ kind: 'current' }) },
    isNew: () => true,
    note: () => undefined,
  });
  const upstream = await startNodeUpstream(echo);
  cleanups.add(() => upstream.close());
  const bed = await startListener(
    [upstreamOf(upstream.port)],
    {},
    {
      routes: notebooks,
      rules: { ...rulesThat({ kind: 'allowed', grant: { binding: undefined } }), authorizer },
      standIns: createStandIns({ providerOrigin: () => 'https://login.example' }),
    },
  );
  cleanups.add(() => bed.close());
  return bed.port;
}

const clients: readonly (readonly [string, readonly string[]])[] = [
  ['a person', ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Accept: text/html']],
  ['a frame', ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe', 'Accept: text/html']],
  ['a program', ['Accept: application/json']],
  [
    'a WebSocket',
    [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Origin: http://gateway',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ],
  ],
];

/** Every byte of the answer but those of the date and, as the client may choose it, of the request id. */
async function probe(port: number, headers: readonly string[], path: string): Promise<string> {
  const lines = [`GET ${path} HTTP/1.1`, 'Host: gateway', `Cookie: ${SESSION_COOKIE}`];
  const isUpgrade = headers.includes('Upgrade: websocket');
  const last = [...(isUpgrade ? [] : ['Connection: close']), 'X-Request-Id: probe', '', ''];
  const answer = await exchangeRaw(port, [...lines, ...headers, ...last].join('\r\n'));
  return answer.replace(/^Date: .*$/m, '');
}

const nothing = (): void => undefined;
const clusters: readonly (readonly [string, (index: RbacIndex) => void])[] = [
  [
    'that exists',
    ({ sinks }) => {
      sinks.profiles.upsert(profileOf(SOMEBODY));
      sinks.rolebindings.upsert(bindingOf(SOMEBODY));
    },
  ],
  [
    'that is being set up for somebody else',
    ({ sinks }) => {
      sinks.profiles.upsert(profileOf(SOMEBODY));
    },
  ],
  [
    'in which somebody lost a right',
    ({ sinks }) => {
      sinks.rolebindings.upsert(bindingOf(ME));
      sinks.rolebindings.remove({ namespace: 'team-b', name: 'namespaceAdmin' });
    },
  ],
  [
    'whose binding names a role that is missing',
    ({ sinks }) => {
      const binding = bindingOf(ME);
      sinks.rolebindings.upsert({ ...binding, roleRef: { ...binding.roleRef, name: 'missing' } });
    },
  ],
  [
    'of which somebody is an owner who was taken the right',
    ({ sinks }) => {
      const binding = bindingOf(ME);
      sinks.profiles.upsert(profileOf(ME));
      sinks.rolebindings.upsert({ ...binding, roleRef: { ...binding.roleRef, name: 'missing' } });
    },
  ],
];

describe.each(clients)('%s without a right', (_who, headers) => {
  it.each(clusters)('cannot tell a namespace %s from one that does not', async (_what, fill) => {
    const path = '/notebook/team-b/lab/?token=x';
    const missing = await probe(await start(nothing), headers, path);
    expect(missing).toMatch(/^HTTP\/1\.1 403 /);
    expect(missing).toContain('namespace_forbidden');
    expect(missing).toContain('get notebooks.kubeflow.org/lab in namespace team-b');
    expect(await probe(await start(fill), headers, path)).toBe(missing);
  });

  it('is never sent to a sign-in, and not told who owns what', async () => {
    const port = await start(clusters[0]?.[1] ?? nothing);
    const answer = await probe(port, headers, '/notebook/team-b/lab/');
    expect(answer).not.toMatch(/\/oauth2\/start|^Location:|^WWW-Authenticate:/m);
    expect(answer).not.toContain(SOMEBODY);
    expect(answer).not.toContain('kubeflow-admin');
  });

  it('is answered the same when it has the right elsewhere', async () => {
    const path = '/notebook/missing/lab/';
    const before = await probe(await start(nothing), headers, path);
    const port = await start(({ sinks }) => {
      sinks.rolebindings.upsert(bindingOf(ME));
    });
    expect(await probe(port, headers, path)).toBe(before);
  });
});

describe('the owner of a namespace that is being set up', () => {
  const mine = ({ sinks }: RbacIndex): void => {
    sinks.profiles.upsert(profileOf(ME));
  };

  it.each(clients.slice(0, 2))('as %s gets a page that comes back by itself', async (_who, h) => {
    const answer = await probe(await start(mine), h, '/notebook/team-b/lab/?a=1&b=2');
    expect(answer).toMatch(/^HTTP\/1\.1 409 /);
    expect(answer).toMatch(/^Retry-After: 3\r$/m);
    expect(answer).toContain(
      '<meta http-equiv="refresh" content="3; url=/notebook/team-b/lab/?a=1&amp;b=2">',
    );
    expect(answer).toContain("frame-ancestors 'self'");
    expect(answer).not.toContain('<script');
  });

  it('as a program gets a problem document', async () => {
    const answer = await probe(await start(mine), clients[2]?.[1] ?? [], '/notebook/team-b/lab/');
    expect(answer).toMatch(/^HTTP\/1\.1 409 /);
    expect(answer).toMatch(/^Retry-After: 3\r$/m);
    expect(answer).toMatch(/^Content-Type: application\/problem\+json\r$/m);
    expect(answer).toContain('"code":"namespace_being_set_up"');
  });

  it('passes once the binding is there', async () => {
    const port = await start((index) => {
      mine(index);
      index.sinks.rolebindings.upsert(bindingOf(ME));
    });
    expect(await probe(port, [], '/notebook/team-b/lab/')).toMatch(/^HTTP\/1\.1 200 /);
  });
});
