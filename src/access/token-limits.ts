// Owns what a token's scope leaves of a route: asked after its owner is known and before RBAC is.
import type { TokenScope } from '../identity/bearer/token-scope.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import type { MatchedRoute } from './catalogue/matched-route.ts';

type LimitedRoute = Pick<
  MatchedRoute,
  'class' | 'hostClass' | 'effect' | 'namespace' | 'isByIdOnly'
>;

const PIPELINES = 'pipelines';

/** Why a token of this scope may not be used for the route; undefined when it may, if its owner may. */
export function outsideScope(scope: TokenScope, route: LimitedRoute): ReasonCode | undefined {
  if (scope.effect === 'read' && route.effect === 'write') return 'insufficient_scope';
  const needed = route.hostClass === undefined ? [route.class] : [route.class, route.hostClass];
  if (needed.some((name) => scope.classes?.has(name) === false)) return 'insufficient_scope';
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
  route: LimitedRoute,
): ReasonCode | undefined {
  if (route.namespace !== undefined && !route.isByIdOnly)
    return namespaces.has(route.namespace) ? undefined : 'insufficient_scope';
  const isPipelines = route.class === PIPELINES && route.hostClass === undefined;
  return allMyPipelines && isPipelines ? undefined : 'token_namespace_unseen';
}
