import { describe, expect, it } from 'vitest';
import { parseTokenScope } from '../identity/bearer/token-scope.ts';
import { scopeText } from './scope-text.ts';

function text(scope: string): readonly string[] {
  const parsed = parseTokenScope(scope);
  if (parsed === undefined) throw new Error('that is no scope');
  return scopeText(parsed);
}

describe('what a scope means', () => {
  it('is said in one sentence where it limits nothing but writing', () => {
    expect(text('read')).toEqual(['It may look at what you may, and no more.']);
    expect(text('write')).toEqual(['It may look at and change what you may, and no more.']);
  });

  it('names every limit, and what goes beyond it', () => {
    expect(
      text(
        'write class:pipelines class:notebooks namespace:b namespace:a pipelines:all-my-namespaces',
      ),
    ).toEqual([
      'It may look at and change what you may, and no more.',
      'It works in these namespaces only: a, b.',
      'It works for these applications only: notebooks, pipelines.',
      'Requests to Pipelines that do not show their namespace reach all your namespaces.',
    ]);
  });
});
