import { describe, expect, it } from 'vitest';
import { matcherOf, rowFor } from '../../../test/fixtures/route-catalogue.ts';
import { questionText } from '../rbac/access-question.ts';
import type { CatalogueMatch } from './matched-route.ts';

const match = matcherOf(
  `
rows:
  - { id: notebook, path: '/notebook/{namespace}/{name}/**', ask: 'get notebooks {name}' }
  - { id: page, path: /page }
  - { id: by-id, path: /by-id, byIdOnly: true }
  - { id: open, path: /open, noNamespace: public }
  - { id: closed, path: /closed, noNamespace: deny }
  - { id: body, path: /body, inspect: { check: workgroup_create, maxBytes: 10 } }
  - { id: model, host: inferenceHosts, ask: 'get models {name}', class: inference, neverRedirect: true }
`,
  {
    inferenceHosts: [
      '{name}.{namespace}.example.com',
      '{name}-{namespace}.models.example',
      '*.plain.example',
    ],
  },
);

/** What is asked, or what else is demanded. */
function demandOf(matched: CatalogueMatch): string[] {
  if (matched.kind === 'refused') return [matched.reason];
  const { demand } = matched.route;
  return demand.kind === 'questions' ? demand.questions.map(questionText) : [demand.kind];
}

const HOST = 'iris.team-a.example.com';
const MODEL = 'get models/iris in namespace team-a';

describe('a request to an inference host', () => {
  it('asks for the model of the host', () => {
    const matched = match('POST /v1/models/iris:predict', { host: 'Iris.Team-A.example.com:8443' });
    expect(demandOf(matched)).toEqual([MODEL]);
    expect(matched).toMatchObject({
      route: { id: 'model', class: 'inference', namespace: 'team-a', neverRedirect: true },
    });
  });

  it.each([
    ['/page', [MODEL]],
    ['/by-id', [MODEL]],
    ['/open', [MODEL]],
    ['/closed', ['deny']],
    ['/body', ['deny']],
    ['/notebook/team-a/lab/', ['get notebooks/lab in namespace team-a', MODEL]],
    ['/notebook/team-b/lab/', ['namespace_ambiguous']],
    ['/notebook/team-a%2fx/lab/', ['target_ambiguous']],
  ])('demands besides what its path demands: %s', (url, wanted) => {
    expect(demandOf(match(`GET ${url}`, { host: HOST }))).toEqual(wanted);
  });

  it('keeps that the backend may act elsewhere', () => {
    expect(match('GET /by-id', { host: HOST })).toMatchObject({
      route: { id: 'by-id', isByIdOnly: true, namespace: 'team-a', neverRedirect: true },
    });
  });

  it.each([
    ['/page', HOST, 'the path shows none, and the mesh may go by the path'],
    ['/notebook/a/lab/', 'my-iris-a.models.example', 'the host may be of another one'],
    ['/notebook/a/lab/', 'x.plain.example', 'the host shows none'],
  ])('may act on a namespace that it does not show: %s at %s, where %s', (path, host) => {
    expect(match(`GET ${path}`, { host })).toMatchObject({ route: { isByIdOnly: true } });
  });

  it('acts on the namespace that path and host both show', () => {
    const host = 'iris.team-a.example.com';
    expect(match('GET /notebook/team-a/lab/', { host })).toMatchObject({
      route: { isByIdOnly: false, namespace: 'team-a' },
    });
    expect(match('GET /v1', { host })).toMatchObject({
      route: { isByIdOnly: false, namespace: 'team-a' },
    });
  });

  it('asks for every reading of a host that has several', () => {
    const matched = match('GET /v2', { host: 'my-iris-a.models.example' });
    expect(demandOf(matched)).toEqual([
      'get models/my in namespace iris-a',
      'get models/my-iris in namespace a',
    ]);
    expect(matched).toMatchObject({ route: { namespace: undefined } });
  });

  it('asks for nothing where the pattern names no namespace', () => {
    const host = 'x.plain.example';
    expect(demandOf(match('GET /v1', { host }))).toEqual(['authenticated']);
    expect(match('GET /v1', { host })).toMatchObject({ route: { neverRedirect: true } });
    expect(demandOf(match('GET /open', { host }))).toEqual(['authenticated']);
    expect(demandOf(match('GET /notebook/team-a/lab/', { host }))).toEqual([
      'get notebooks/lab in namespace team-a',
    ]);
  });

  it.each([
    'kubeflow.example.com',
    'a.b.c.example.com',
    'iris.team_a.example.com',
    'iris..example.com',
  ])('is none at %s', (host) => {
    expect(rowFor(match('GET /v1', { host }))).toBe('unmatched');
  });
});
