// Token scopes as text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTokenScope, parseTokenScope } from './token-scope.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
const scopes = fc.record({
  effect: fc.constantFrom('read' as const, 'write' as const),
  classes: fc.option(
    fc.uniqueArray(name, { minLength: 1, maxLength: 5 }).map((of) => new Set(of)),
    {
      nil: undefined,
    },
  ),
  namespaces: fc.option(
    fc.uniqueArray(name, { minLength: 1, maxLength: 5 }).map((of) => new Set(of)),
    { nil: undefined },
  ),
  allMyPipelines: fc.boolean(),
});

describe('a token scope', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(scopes, (scope) => {
        expect(parseTokenScope(formatTokenScope(scope))).toEqual(scope);
      }),
    );
  });

  test('reads only, where the text does not say that it writes', () => {
    expect(parseTokenScope('')?.effect).toBe('read');
    expect(parseTokenScope('class:pipelines')?.effect).toBe('read');
    expect(parseTokenScope('read write')?.effect).toBe('write');
  });

  test.each([
    'admin',
    'READ',
    'class:',
    'class:Pipelines',
    'namespace:',
    'namespace:Team',
    'namespace:a.b',
    'namespace:*',
    'pipelines:all',
    'write\tread',
    Array.from({ length: 31 }, (_, at) => `namespace:n${at}`).join(' '),
  ])('with the name %s is none', (text) => {
    expect(parseTokenScope(text)).toBeUndefined();
  });

  test('of any text is a scope or none, and never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const scope = parseTokenScope(text);
        if (scope !== undefined) expect(parseTokenScope(formatTokenScope(scope))).toEqual(scope);
      }),
    );
  });
});
