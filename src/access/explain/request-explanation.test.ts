import { describe, expect, it } from 'vitest';
import { hygieneWith } from '../../../test/fixtures/hygiene.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { CatalogueMatch, Demand } from '../catalogue/matched-route.ts';
import type { PolicyState } from '../policy-source.ts';
import type { ResourceQuestion } from '../rbac/access-question.ts';
import { RbacIndex } from '../rbac/rbac-index.ts';
import { readAskedRequest } from './asked-request.ts';
import { explanationText } from './explanation-text.ts';
import { explainRefusal, explainRequest, type RequestExplanation } from './request-explanation.ts';

const rule = {
  ...{ apiGroups: ['kubeflow.org'], resourceNames: [], nonResourceURLs: [] },
  ...{ resources: ['notebooks'], verbs: ['get', 'list'] },
};
const index = new RbacIndex();
index.sinks.clusterroles.upsert({ namespace: '', name: 'view', uid: '1', rules: [rule] });
index.sinks.clusterroles.upsert({ namespace: '', name: 'nothing', uid: '2', rules: [] });
const bind = (namespace: string, name: string, role: string, user: string): void => {
  const subjects = [{ kind: 'User' as const, name: user, namespace: '' }];
  const roleRef = { kind: 'ClusterRole', name: role };
  const sink = index.sinks[namespace === '' ? 'clusterrolebindings' : 'rolebindings'];
  sink.upsert({ namespace, name, uid: name, roleRef, subjects });
};
bind('team-a', 'viewers', 'view', 'alice');
bind('team-a', 'idlers', 'nothing', 'bob');
bind('team-a', 'lost', 'gone', 'bob');
bind('', 'everywhere', 'view', 'carol');

const question = (namespace: string): ResourceQuestion => ({
  action: { verb: 'get', group: 'kubeflow.org', resource: 'notebooks', subresource: '' },
  ...{ namespace, name: 'lab' },
});

interface Setting {
  readonly demand?: Demand;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly state?: PolicyState;
  readonly mode?: 'enforce' | 'shadow';
  readonly match?: CatalogueMatch;
}

function explain(setting: Setting = {}): RequestExplanation {
  const { user: userId = 'alice', groups = [], mode = 'enforce' } = setting;
  const demand = setting.demand ?? { kind: 'questions', questions: [question('team-a')] };
  const flags = { neverRedirect: false, passAuthorization: false, isByIdOnly: false };
  const route = {
    id: 'notebook',
    class: 'notebooks',
    effect: 'write',
    namespace: 'team-a',
  } as const;
  const match = setting.match ?? { kind: 'route', route: { ...route, ...flags, demand } };
  const asked = { method: 'get', url: 'https://kf.example.com/notebook/team-a/lab/?x=1#top' };
  const read = readAskedRequest(asked, 'localhost', hygieneWith(), systemRandom);
  if (read.kind === 'refused') throw new Error(read.reason);
  const policy = { state: () => setting.state ?? ({ kind: 'current' } as const) };
  const matcher = { match: () => match };
  return explainRequest(read.head, { userId, groups }, { matcher, rbac: index, policy, mode });
}

const asked = { method: 'GET', url: '/notebook/team-a/lab/?x=1', host: 'kf.example.com' };

describe('explainRequest', () => {
  it('says which binding, role and rule allowed it', () => {
    expect(explain()).toEqual({
      decision: 'allowed',
      ...asked,
      ...{ user: 'alice', groups: [], implicitGroups: ['system:authenticated'] },
      route: {
        ...{ id: 'notebook', class: 'notebooks', effect: 'write', isByIdOnly: false },
        ...{ namespace: 'team-a', demand: 'questions' },
      },
      questions: [
        {
          question: 'get notebooks.kubeflow.org/lab in namespace team-a',
          allowed: true,
          by: {
            binding: 'RoleBinding team-a/viewers',
            subject: 'User alice',
            role: 'ClusterRole view',
            rule,
          },
        },
      ],
    });
    expect(explain({ user: 'carol' }).questions).toMatchObject([
      { by: { binding: 'ClusterRoleBinding everywhere' } },
    ]);
  });

  it('says what came nearest to allowing it, and which role would be enough', () => {
    const explanation = explain({ user: 'bob' });
    expect(explanation).toMatchObject({ decision: 'denied', reason: 'namespace_forbidden' });
    expect(explanation.questions).toMatchObject([{ allowed: false, enoughRole: 'viewer' }]);
    const [first] = explanation.questions;
    expect(first?.allowed === false ? first.nearest : []).toEqual([
      { binding: 'RoleBinding team-a/lost', role: 'ClusterRole gone', why: 'role_missing' },
      { binding: 'RoleBinding team-a/idlers', role: 'ClusterRole nothing', why: 'not_in_role' },
      { binding: 'RoleBinding team-a/viewers', role: 'ClusterRole view', why: 'not_a_subject' },
      { binding: 'ClusterRoleBinding everywhere', role: 'ClusterRole view', why: 'not_a_subject' },
    ]);
  });

  it('denies what one of several questions denies, and explains them all', () => {
    const questions = [question('team-a'), question('team-b'), question('')];
    const explanation = explain({ demand: { kind: 'questions', questions } });
    expect(explanation).toMatchObject({ decision: 'denied', reason: 'namespace_forbidden' });
    expect(explanation.questions.map(({ allowed }) => allowed)).toEqual([true, false, false]);
  });

  it('calls it a matter of the cluster where no namespace is asked about', () => {
    const demand: Demand = { kind: 'questions', questions: [question('')] };
    expect(explain({ demand })).toMatchObject({ reason: 'cluster_forbidden' });
  });

  it('says that system:masters needs no binding', () => {
    const { questions } = explain({ user: 'dave', groups: ['system:masters'] });
    expect(questions).toMatchObject([{ by: { subject: 'Group system:masters' } }]);
  });

  it.each<[demand: Demand, expected: object]>([
    [{ kind: 'public' }, { decision: 'allowed' }],
    [{ kind: 'authenticated' }, { decision: 'allowed' }],
    [
      { kind: 'deny', reason: 'route_denied' },
      { decision: 'denied', reason: 'route_denied' },
    ],
    [
      { kind: 'deny', reason: 'method_not_allowed', allow: ['POST'] },
      { decision: 'denied', reason: 'method_not_allowed', allow: ['POST'] },
    ],
    [
      { kind: 'inspect', check: 'workgroup_create', maxBytes: 1 },
      {
        decision: 'depends',
        reason: 'owner_is_someone_else',
        questions: [{ question: 'create profiles.kubeflow.org in the whole cluster' }],
      },
    ],
  ])('explains a route that is %j', (demand, expected) => {
    expect(explain({ demand })).toMatchObject({ ...expected, route: { demand: demand.kind } });
  });

  it('passes on that the catalogue refuses the request', () => {
    const match = { kind: 'refused', reason: 'namespace_ambiguous', routeId: 'x' } as const;
    expect(explain({ match })).toMatchObject({
      decision: 'refused',
      reason: 'namespace_ambiguous',
    });
  });

  it.each([
    [{ kind: 'loading', missing: ['roles'] }, 'access_loading'],
    [{ kind: 'expired', stale: ['roles'] }, 'access_stale'],
  ] as const)('answers no question from an index that is %j', (state, reason) => {
    expect(explain({ state })).toMatchObject({ decision: 'unavailable', reason, questions: [] });
    expect(explain({ state, demand: { kind: 'authenticated' } }).decision).toBe('allowed');
  });

  it('says what shadow mode forwards, which is only what RBAC refuses', () => {
    expect(explain({ user: 'bob', mode: 'shadow' })).toMatchObject({
      decision: 'denied',
      shadowed: true,
    });
    const demand: Demand = { kind: 'deny', reason: 'route_denied' };
    expect(explain({ demand, mode: 'shadow' })).not.toHaveProperty('shadowed');
    expect(explain({ mode: 'shadow' })).not.toHaveProperty('shadowed');
  });
});

describe('explanationText', () => {
  it('reads like this when it is allowed', () => {
    expect(explanationText(explain({ groups: ['team'] }))).toBe(
      [
        'ALLOWED  GET /notebook/team-a/lab/?x=1',
        'caller     alice; groups team, system:authenticated (added by Kubernetes)',
        'route      notebook (notebooks, write)',
        'namespace  team-a',
        'open to    whoever RBAC allows this',
        'question   get notebooks.kubeflow.org/lab in namespace team-a: yes',
        '           by RoleBinding team-a/viewers, which binds User alice to ClusterRole view',
        '           rule: verbs [get list], apiGroups [kubeflow.org], resources [notebooks]',
      ].join('\n'),
    );
  });

  it('takes nothing in a name for a line or a command to the terminal', () => {
    const hostile = 'x\u001b[2J\nALLOWED\u202e';
    bind('team-a', hostile, hostile, 'eve');
    const text = explanationText(explain({ user: 'eve' }));
    index.sinks.rolebindings.remove({ namespace: 'team-a', name: hostile });
    expect(text).toContain(
      '\n           nearest: RoleBinding team-a/x\\u{1b}[2J\\u{a}ALLOWED\\u{202e} to ClusterRole x',
    );
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('reads like this when it is denied', () => {
    const text = explanationText(explain({ user: 'bob', mode: 'shadow' }));
    expect(text.split('\n')).toEqual([
      'DENIED  GET /notebook/team-a/lab/?x=1 (namespace_forbidden: You may not do this in this namespace.)',
      'It is forwarded nevertheless: access.mode is shadow.',
      'caller     bob; groups system:authenticated (added by Kubernetes)',
      'route      notebook (notebooks, write)',
      'namespace  team-a',
      'open to    whoever RBAC allows this',
      'question   get notebooks.kubeflow.org/lab in namespace team-a: no',
      '           nearest: RoleBinding team-a/lost to ClusterRole gone binds the caller, but there is no such role',
      '           nearest: RoleBinding team-a/idlers to ClusterRole nothing binds the caller, but the role does not grant this',
      '           nearest: RoleBinding team-a/viewers to ClusterRole view would be enough, but does not bind the caller',
      '           nearest: ClusterRoleBinding everywhere to ClusterRole view would be enough, but does not bind the caller',
      '           in stock Kubeflow it would be enough to be viewer of the namespace (kubeflow-view), which its owner can give',
    ]);
  });

  it('asks whether there is such a namespace where none of its bindings comes near', () => {
    const asked = (namespace: string) =>
      explanationText(
        explain({ user: 'bob', demand: { kind: 'questions', questions: [question(namespace)] } }),
      );
    expect(asked('taem-a')).toContain(
      'no RoleBinding of this namespace comes near: is its name right?',
    );
    expect(asked('team-a')).not.toContain('comes near');
    expect(asked('')).not.toContain('comes near');
  });

  it('says which methods are taken where only the method is wrong', () => {
    const demand: Demand = { kind: 'deny', reason: 'method_not_allowed', allow: ['POST', 'PUT'] };
    expect(explanationText(explain({ demand }))).toContain(
      '\nMethods that are taken here: POST, PUT.\n',
    );
  });

  it('reads like this when the request cannot be read', () => {
    const principal = { userId: 'alice', groups: [] };
    const refusal = explainRefusal(
      { method: 'GET', url: '/a/../b' },
      principal,
      'target_dot_segment',
      index,
    );
    expect(explanationText(refusal)).toBe(
      'REFUSED  GET /a/../b (target_dot_segment: The path contains a dot segment.)\ncaller     alice; groups system:authenticated (added by Kubernetes)',
    );
  });

  it('says of system:masters that nothing has to be bound', () => {
    const text = explanationText(explain({ groups: ['system:masters'] }));
    expect(text).toContain('by Group system:masters, whom Kubernetes allows everything');
  });
});

describe('readAskedRequest', () => {
  const read = (url: string, method = 'GET') =>
    readAskedRequest({ method, url }, 'localhost', hygieneWith(), systemRandom);

  it.each([
    ['/a/b?c=d', 'localhost', '/a/b?c=d'],
    ['https://kf.example.com:8443/a%20b?c', 'kf.example.com:8443', '/a%20b?c'],
    ['HTTP://kf.example.com', 'kf.example.com', '/'],
    ['http://kf.example.com?ns=x', 'kf.example.com', '/?ns=x'],
    ['/jupyter/#/notebooks', 'localhost', '/jupyter/'],
  ])('takes %s', (url, host, raw) => {
    expect(read(url)).toMatchObject({ kind: 'head', head: { host, target: { raw } } });
  });

  it('takes ws and wss for the beginning of a WebSocket', () => {
    expect(read('wss://kf/x')).toMatchObject({ head: { hints: { isWebSocket: true } } });
    expect(read('https://kf/x')).toMatchObject({ head: { hints: { isWebSocket: false } } });
  });

  it.each([
    ['/a/../b', 'GET', 'target_dot_segment'],
    ['a/b', 'GET', 'target_form'],
    ['http://u@kf/a', 'GET', 'host_ambiguous'],
    ['ftp://kf/a', 'GET', 'target_form'],
    ['/a', 'BREW', 'method_not_supported'],
  ])('refuses %s with %s as a listener would', (url, method, reason) => {
    expect(read(url, method)).toMatchObject({ kind: 'refused', reason });
  });
});
