// What a token's scope leaves of a route.
import { describe, expect, test } from 'vitest';
import { routeThat } from '../../test/fixtures/questions.ts';
import { parseTokenScope } from '../identity/bearer/token-scope.ts';
import type { MatchedRoute } from './catalogue/matched-route.ts';
import { outsideScope, type ScopeShortfall } from './token-limits.ts';

function shortfall(scope: string, route: Partial<MatchedRoute>): ScopeShortfall | undefined {
  const parsed = parseTokenScope(scope);
  if (parsed === undefined) throw new Error(`no scope: ${scope}`);
  return outsideScope(parsed, routeThat({ kind: 'authenticated' }, route));
}

function refusal(scope: string, route: Partial<MatchedRoute>): string | undefined {
  return shortfall(scope, route)?.reason;
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

  test('of some namespaces reaches what holds nothing of any, as far as its classes do', () => {
    const health = { class: 'pipelines', isNamespaceFree: true };
    expect(refusal('read namespace:team-a', health)).toBeUndefined();
    expect(refusal('read namespace:team-a class:katib', health)).toBe('insufficient_scope');
  });

  test('is told the name that its scope lacks, where one would do', () => {
    const route = { class: 'katib', effect: 'write', namespace: 'team-b' } as const;
    expect(shortfall('read', route)?.missingScope).toBe('write');
    expect(shortfall('write class:volumes', route)?.missingScope).toBe('class:katib');
    expect(shortfall('write namespace:team-a', route)?.missingScope).toBe('namespace:team-b');
    const byId = { class: 'pipelines', isByIdOnly: true };
    expect(shortfall('read namespace:team-a', byId)?.missingScope).toBe(
      'pipelines:all-my-namespaces',
    );
    expect(shortfall('read namespace:team-a', {})?.missingScope).toBeUndefined();
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
