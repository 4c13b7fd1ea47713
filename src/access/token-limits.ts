// Owns what a token's scope leaves of a route: asked after its owner is known and before RBAC is.
import type { TokenScope } from '../identity/bearer/token-scope.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import type { MatchedRoute } from './catalogue/matched-route.ts';

const PIPELINES = 'pipelines';

/** Why a token of this scope may not be used for the route; undefined when it may, if its owner may. */
export function outsideScope(
  scope: TokenScope,
  route: Pick<MatchedRoute, 'class' | 'effect' | 'namespace' | 'isByIdOnly'>,
): ReasonCode | undefined {
  if (scope.effect === 'read' && route.effect === 'write') return 'insufficient_scope';
  if (scope.classes?.has(route.class) === false) return 'insufficient_scope';
  return scope.namespaces === undefined
    ? undefined
    : outsideNamespaces(scope, scope.namespaces, route);
}

/**
 * A request that names a namespace and an object by its id may act on another one than it names, so
 * the id counts: the application alone finds out where the object is.
 */
function outsideNamespaces(
  { allMyPipelines }: TokenScope,
  namespaces: ReadonlySet<string>,
  route: Pick<MatchedRoute, 'class' | 'namespace' | 'isByIdOnly'>,
): ReasonCode | undefined {
  if (route.namespace !== undefined && !route.isByIdOnly)
    return namespaces.has(route.namespace) ? undefined : 'insufficient_scope';
  return allMyPipelines && route.class === PIPELINES ? undefined : 'token_namespace_unseen';
}
