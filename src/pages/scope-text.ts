// Owns what a token scope means, in sentences for the person whose right it limits.
import type { TokenScope } from '../identity/bearer/token-scope.ts';

/** One sentence each; together they say all that the scope says. */
export function scopeText(scope: TokenScope): readonly string[] {
  const effect = scope.effect === 'read' ? 'look at' : 'look at and change';
  return [
    `It may ${effect} what you may, and no more.`,
    placesText(scope.namespaces, 'It works in these namespaces only'),
    placesText(scope.classes, 'It works for these applications only'),
    scope.allMyPipelines && scope.namespaces !== undefined
      ? 'Requests to Pipelines that do not show their namespace reach all your namespaces.'
      : undefined,
  ].filter((sentence) => sentence !== undefined);
}

function placesText(names: ReadonlySet<string> | undefined, lead: string): string | undefined {
  return names && `${lead}: ${[...names].sort().join(', ')}.`;
}
