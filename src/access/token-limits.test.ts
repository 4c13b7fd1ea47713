// What a token's scope leaves of a route.
import { describe, expect, test } from 'vitest';
import { routeThat } from '../../test/fixtures/questions.ts';
import { parseTokenScope } from '../identity/bearer/token-scope.ts';
import type { MatchedRoute } from './catalogue/matched-route.ts';
import { outsideScope } from './token-limits.ts';

function refusal(scope: string, route: Partial<MatchedRoute>): string | undefined {
  const parsed = parseTokenScope(scope);
  if (parsed === undefined) throw new Error(`no scope: ${scope}`);
  return outsideScope(parsed, routeThat({ kind: 'authenticated' }, route));
}

describe('a token', () => {
  test('that reads does not write, and one that writes reads', () => {
    expect(refusal('read', { effect: 'write' })).toBe('insufficient_scope');
    expect(refusal('read', { effect: 'read' })).toBeUndefined();
    expect(refusal('write', { effect: 'read' })).toBeUndefined();
  });

  test('of some classes is refused in all others', () => {
    const scope = 'write class:pipelines class:katib';
    expect(refusal(scope, { class: 'katib' })).toBeUndefined();
    expect(refusal(scope, { class: 'notebooks' })).toBe('insufficient_scope');
  });

  test('needs the class of the path and that of the host, where both have one', () => {
    const both = { class: 'pipelines', hostClass: 'inference', namespace: 'team-a' };
    expect(refusal('read class:pipelines', both)).toBe('insufficient_scope');
    expect(refusal('read class:inference', both)).toBe('insufficient_scope');
    expect(refusal('read class:pipelines class:inference', both)).toBeUndefined();
    const allMine = 'read namespace:team-a pipelines:all-my-namespaces';
    expect(refusal(allMine, { ...both, isByIdOnly: true })).toBe('token_namespace_unseen');
  });

  test('of some namespaces is refused in all others', () => {
    const scope = 'write namespace:team-a';
    expect(refusal(scope, { namespace: 'team-a' })).toBeUndefined();
    expect(refusal(scope, { namespace: 'team-b' })).toBe('insufficient_scope');
  });

  test('of some namespaces is refused where the namespace cannot be seen', () => {
    const scope = 'write namespace:team-a';
    expect(refusal(scope, { namespace: undefined })).toBe('token_namespace_unseen');
    expect(refusal(scope, { namespace: 'team-a', isByIdOnly: true })).toBe(
      'token_namespace_unseen',
    );
  });

  test('reaches what Pipelines finds by id only with the scope that says so, and nothing else by it', () => {
    const scope = 'write namespace:team-a pipelines:all-my-namespaces';
    const byId = { isByIdOnly: true };
    expect(refusal(scope, { ...byId, class: 'pipelines' })).toBeUndefined();
    for (const other of ['metadata', 'registry', 'dashboard']) {
      expect(refusal(scope, { ...byId, class: other })).toBe('token_namespace_unseen');
    }
    expect(refusal(scope, { class: 'pipelines', namespace: 'team-b' })).toBe('insufficient_scope');
  });
});
