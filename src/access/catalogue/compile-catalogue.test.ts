import { describe, expect, it } from 'vitest';
import { matcherOf, rowFor, rowsIn, routedHead } from '../../../test/fixtures/route-catalogue.ts';
import { questionText } from '../rbac/access-question.ts';
import { compileCatalogue } from './compile-catalogue.ts';
import type { CatalogueMatch, MatchedRoute } from './matched-route.ts';

function routeOf(match: CatalogueMatch): MatchedRoute {
  if (match.kind === 'refused') throw new Error(match.reason);
  return match.route;
}

function askedBy(match: CatalogueMatch): string[] {
  const { demand } = routeOf(match);
  return demand.kind === 'questions' ? demand.questions.map(questionText) : [demand.kind];
}

describe('a row with its namespace in the path', () => {
  const match = matcherOf(`
rows:
  - id: app
    path: /app/{namespace}/{name}/**
    mustAgree: [namespace]
    ask: ['open notebooks.kubeflow.org {name}', list pods, get configmaps settings]
`);

  it('asks all of its questions there', () => {
    expect(askedBy(match('GET /app/team-a/lab/x?namespace=team-a'))).toEqual([
      'get notebooks.kubeflow.org/lab in namespace team-a',
      'list pods in namespace team-a',
      'get configmaps/settings in namespace team-a',
    ]);
    expect(routeOf(match('GET /app/team-a/lab')).namespace).toBe('team-a');
  });

  it('asks the configured verb where a shell or an editor opens', () => {
    const strict = matcherOf(
      "rows:\n  - { id: a, path: '/{namespace}', ask: open notebooks.kubeflow.org }",
      { openVerb: 'update' },
    );
    expect(askedBy(strict('GET /team-a'))).toEqual([
      'update notebooks.kubeflow.org in namespace team-a',
    ]);
  });

  it.each([
    ['/app/Team-A/lab/', 'target_name'],
    ['/app/team.a/lab/', 'target_name'],
    ['/app/-a/lab/', 'target_name'],
    ['/app/team-a/Lab/', 'target_name'],
    ['/app/team-a/lab?namespace=team-b', 'namespace_ambiguous'],
    ['/app/team-a/lab?namespace=team-a&namespace=team-a', 'namespace_ambiguous'],
    ['/app/team-a/lab?%6eamespace=team-b', 'namespace_ambiguous'],
    ['/app//team-a/lab/', 'target_ambiguous'],
    ['/app/team-a%2Flab/x', 'target_ambiguous'],
    ['/app/team-a;x/lab/', 'target_ambiguous'],
    ['/app/team%2da/lab/', 'target_ambiguous'],
    ['/%61pp/team-a/lab/', 'target_ambiguous'],
  ])('refuses %s: %s', (url, reason) => {
    expect(match(`GET ${url}`)).toMatchObject({ kind: 'refused', reason });
  });

  it.each([
    '/app/team-a/lab/files//a%2Fb;c',
    '/app/team-a/lab/%61',
    '/app/team-a/lab?namespace=',
    '/app/team-a/lab?ns=team-b',
  ])('leaves to the application what does not decide: %s', (url) => {
    expect(rowFor(match(`GET ${url}`))).toBe('app');
  });
});

describe('a row with its namespace in the query', () => {
  const match = matcherOf(`
rows:
  - id: list
    path: /list
    namespace: { query: [namespace] }
    overriddenBy: [experiment_id, experimentId]
    ask: list jobs {?name}
    emptyNamespace: cluster
  - id: reference
    path: /reference
    namespace:
      query: [key.id, keyId]
      when: { query: [key.type, keyType], is: [NAMESPACE, '5'] }
    ask: list jobs
    noNamespace: authenticated
`);

  it.each([
    ['/list?namespace=team-a', 'list jobs in namespace team-a'],
    ['/list?x=1&namespace=team-a&name=one', 'list jobs/one in namespace team-a'],
    ['/list?namespace=', 'list jobs in the whole cluster'],
    ['/list?namespace', 'list jobs in the whole cluster'],
    ['/reference?key.type=NAMESPACE&key.id=team-a', 'list jobs in namespace team-a'],
    ['/reference?keyType=5&key.id=team-a', 'list jobs in namespace team-a'],
    ['/reference?key.type=EXPERIMENT&key.id=4711', 'authenticated'],
    ['/reference?key.id=team-a', 'authenticated'],
    ['/reference', 'authenticated'],
    ['/reference?key.type=NAMESPACE&key.id=', 'authenticated'],
  ])('%s: %s', (url, question) => {
    expect(askedBy(match(`GET ${url}`))).toEqual([question]);
  });

  it('needs the parameter', () => {
    for (const url of ['/list', '/list?ns=team-a', '/list?Namespace=team-a'])
      expect(routeOf(match(`GET ${url}`)).demand).toEqual({
        kind: 'deny',
        reason: 'namespace_required',
      });
  });

  it.each([
    ['/list?namespace=team-a&namespace=team-a', 'namespace_ambiguous'],
    ['/list?namespace=team-a&namespace[]=team-b', 'namespace_ambiguous'],
    ['/list?namespace=a;namespace=b', 'namespace_ambiguous'],
    ['/list?namespace=team-a&experiment_id=1&experimentId=2', 'namespace_ambiguous'],
    ['/list?namespace=Team%20A', 'target_name'],
    ['/list?namespace=team-a&name=one&name=two', 'target_ambiguous'],
    ['/list?namespace=team-a&name=..%2Ftwo', 'target_name'],
    ['/reference?key.type=NAMESPACE&key.id=a&keyId=b', 'namespace_ambiguous'],
    ['/reference?key.type=NAMESPACE&keyType=EXPERIMENT&key.id=a', 'namespace_ambiguous'],
  ])('refuses %s: %s', (url, reason) => {
    expect(match(`GET ${url}`)).toMatchObject({ kind: 'refused', reason });
  });

  it.each([
    ['/list?namespace=team-a', false],
    ['/list?namespace=team-a&experiment_id=', false],
    ['/list?namespace=team-a&experiment_id=4711', true],
    ['/list?experimentId=4711', true],
    ['/reference?key.type=NAMESPACE&key.id=team-a', false],
    ['/reference?key.type=EXPERIMENT&key.id=4711', true],
    ['/reference?key.id=4711', true],
  ])('tells that the backend finds a namespace of its own: %s %s', (url, isByIdOnly) => {
    expect(routeOf(match(`GET ${url}`)).isByIdOnly).toBe(isByIdOnly);
  });
});

describe('methods', () => {
  const match = matcherOf(`
rows:
  - { id: get, path: /a, methods: GET }
  - { id: post, path: /a, methods: [POST] }
  - { id: rest, path: /a }
  - { id: head, path: /b, methods: HEAD }
  - { id: read, path: /b, methods: [GET] }
  - { id: write, path: /c, methods: [PUT, DELETE], noNamespace: deny, allow: [GET] }
`);

  it.each([
    ['GET /a', 'get'],
    ['HEAD /a', 'get'],
    ['OPTIONS /a', 'get'],
    ['POST /a', 'post'],
    ['PUT /a', 'rest'],
    ['HEAD /b', 'head'],
    ['OPTIONS /b', 'read'],
    ['POST /b', 'head'],
    ['PUT /c', 'write'],
    ['GET /c', 'unmatched'],
  ])('%s falls under %s', (request, id) => {
    expect(rowFor(match(request))).toBe(id);
  });

  it('that no row of a path names are closed, where one opens it', () => {
    expect(routeOf(match('POST /b')).demand).toEqual({
      kind: 'deny',
      reason: 'method_not_allowed',
      allow: ['HEAD', 'GET', 'OPTIONS'],
    });
  });

  it('that are wrong are told together with the right ones', () => {
    expect(routeOf(match('PUT /c')).demand).toEqual({
      kind: 'deny',
      reason: 'method_not_allowed',
      allow: ['GET'],
    });
  });

  it('tell reading from writing, except where the row does; a WebSocket may write', () => {
    const fixed = matcherOf('rows:\n  - { id: a, path: /a, effect: read }');
    expect(routeOf(match('HEAD /a')).effect).toBe('read');
    expect(routeOf(match('POST /a')).effect).toBe('write');
    expect(routeOf(match('GET /a', { isWebSocket: true })).effect).toBe('write');
    expect(routeOf(fixed('POST /a')).effect).toBe('read');
  });
});

describe('an application that ignores case', () => {
  const match = matcherOf(`
applications:
  - name: app
    prefix: /app
    caseInsensitive: true
    rows:
      - { id: closed, path: /Debug, noNamespace: deny }
      - { id: list, path: '/api/{namespace}/list', ask: list pods }
`);

  it.each([
    ['/app/debug', 'closed'],
    ['/app/DEBUG/', 'closed'],
    ['/app/API/team-a/List', 'list'],
    ['/APP/debug', 'unmatched'],
    ['/app/API/Team-A/list', 'target_name'],
  ])('%s: %s', (url, row) => {
    expect(rowFor(match(`GET ${url}`))).toBe(row);
  });
});

describe('a request that no row names', () => {
  it.each(['authenticated', 'deny'] as const)('demands what is configured: %s', (unmatched) => {
    const match = matcherOf('', { unmatched });
    const { id, class: className, demand } = routeOf(match('GET /x'));
    expect({ id, className, demand: demand.kind }).toEqual({
      id: 'unmatched',
      className: 'unmatched',
      demand: unmatched,
    });
  });

  it('may still be ambiguous', () => {
    const match = matcherOf("rows:\n  - { id: a, path: '/a/{namespace}/b', ask: list pods }");
    expect(rowFor(match('GET /a/team-a//b'))).toBe('target_ambiguous');
    expect(rowFor(match('GET /a/team-a/%62'))).toBe('target_ambiguous');
  });
});

describe('rows of an earlier file', () => {
  it('go first, however broad they are', () => {
    const match = matcherOf([
      'rows:\n  - { id: mine, path: /app/** }',
      "rows:\n  - { id: shipped, path: '/app/{namespace}', ask: list pods }",
    ]);
    expect(rowFor(match('GET /app/team-a'))).toBe('mine');
  });
});

describe('a public row', () => {
  const match = matcherOf(`
rows:
  - { id: open, path: '/open/{page}/**', noNamespace: public }
  - { id: closed, path: '/open/{page}/admin', noNamespace: deny }
`);

  it('is public under its own spelling only', () => {
    expect(askedBy(match('GET /open/x'))).toEqual(['public']);
    expect(rowFor(match('GET /open'))).toBe('unmatched');
    expect(rowFor(match('GET /open/x/%61dmin'))).toBe('target_ambiguous');
    expect(rowFor(match('GET /open/x%2Fadmin'))).toBe('target_ambiguous');
  });
});

describe('a body that decides', () => {
  it('is demanded with its limit', () => {
    const match = matcherOf(
      'rows:\n  - { id: a, path: /a, inspect: { check: workgroup_create, maxBytes: 100 } }',
    );
    expect(routeOf(match('POST /a')).demand).toEqual({
      kind: 'inspect',
      check: 'workgroup_create',
      maxBytes: 100,
    });
  });
});

describe('a form POST that asks for another method', () => {
  const match = matcherOf('rows:\n  - { id: api, path: /api/**, refuseMethodOverride: true }');
  const form = ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'];
  const override = ['X-HTTP-Method-Override', 'GET'];

  it('is refused where the row says so', () => {
    expect(rowFor(match('POST /api/x', { headers: [...override, ...form] }))).toBe(
      'method_override',
    );
    expect(rowFor(match('POST /other', { headers: [...override, ...form] }))).toBe('unmatched');
  });

  it.each([
    ['POST', form],
    ['POST', override],
    ['POST', [...override, 'Content-Type', 'application/json']],
    ['GET', [...form, ...override]],
  ])('%s %j is no such thing', (method, headers) => {
    expect(rowFor(match(`${method} /api/x`, { headers }))).toBe('api');
  });
});

describe('names of objects', () => {
  it('may be any text where the application allows that', () => {
    const match = matcherOf(
      "rows:\n  - { id: a, path: '/{namespace}/{name}', ask: 'get runs {name}', freeNames: true }",
    );
    expect(askedBy(match('GET /team-a/My%20Run'))).toEqual(['get runs/My Run in namespace team-a']);
  });
});

describe('actions', () => {
  it('are one object, however many rows ask for them', () => {
    const matcher = compileCatalogue(
      [
        rowsIn("rows:\n  - { id: a, path: '/a/{namespace}', ask: open pods }"),
        rowsIn(
          "rows:\n  - { id: b, path: '/b/{namespace}', ask: get pods }\n  - { id: h, host: '{name}.{namespace}.example.com', ask: get pods }",
        ),
      ],
      { openVerb: 'get', unmatched: 'deny', inferenceHosts: [] },
    );
    const host = 'x.team-a.example.com';
    const actions = [
      routedHead('GET /a/team-a'),
      routedHead('GET /b/team-a'),
      routedHead('GET /x', { host }),
    ].flatMap((head) => {
      const { demand } = routeOf(matcher.match(head));
      return demand.kind === 'questions' ? demand.questions.map(({ action }) => action) : [];
    });
    expect(actions).toHaveLength(3);
    expect(new Set(actions).size).toBe(1);
  });
});
