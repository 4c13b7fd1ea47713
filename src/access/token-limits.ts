// Owns what a token's scope leaves of a route: asked after its owner is known and before RBAC is.
import { ALL_MY_PIPELINES, type TokenScope } from '../identity/bearer/token-scope.ts';
import type { MatchedRoute } from './catalogue/matched-route.ts';

type LimitedRoute = Pick<
  MatchedRoute,
  'class' | 'hostClass' | 'effect' | 'namespace' | 'isByIdOnly' | 'isNamespaceFree'
>;

export interface ScopeShortfall {
  readonly reason: 'insufficient_scope' | 'token_namespace_unseen';
  /** The name that the scope lacks (RFC 6750 section 3, `scope`); undefined where none would do. */
  readonly missingScope: string | undefined;
}

const PIPELINES = 'pipelines';

/** Why a token of this scope may not be used for the route; undefined when it may, if its owner may. */
export function outsideScope(scope: TokenScope, route: LimitedRoute): ScopeShortfall | undefined {
  if (scope.effect === 'read' && route.effect === 'write') return lacks('write');
  const needed = route.hostClass === undefined ? [route.class] : [route.class, route.hostClass];
  const missingClass = needed.find((name) => scope.classes?.has(name) === false);
  if (missingClass !== undefined) return lacks(`class:${missingClass}`);
  if (scope.namespaces === undefined || route.isNamespaceFree === true) return undefined;
  return outsideNamespaces(scope, scope.namespaces, route);
}

/**
 * A request that names a namespace and an object by its id may act on another one than it names, so
 * the id counts: the application alone finds out where the object is.
 */
function outsideNamespaces(
  { allMyPipelines }: TokenScope,
  namespaces: ReadonlySet<string>,
  route: LimitedRoute,
): ScopeShortfall | undefined {
  if (route.namespace !== undefined && !route.isByIdOnly)
    return namespaces.has(route.namespace) ? undefined : lacks(`namespace:${route.namespace}`);
  const isPipelines = route.class === PIPELINES && route.hostClass === undefined;
  if (allMyPipelines && isPipelines) return undefined;
  const missingScope = isPipelines ? ALL_MY_PIPELINES : undefined;
  return { reason: 'token_namespace_unseen', missingScope };
}

function lacks(missingScope: string): ScopeShortfall {
  return { reason: 'insufficient_scope', missingScope };
}
