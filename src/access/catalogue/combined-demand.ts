// Owns what a request demands that fits a row by its path and another one by its host.
import { UNMATCHED, type CatalogueMatch, type Demand, type MatchedRoute } from './matched-route.ts';

/**
 * Both rows hold. A mesh routes by host only where an application claims that host, and otherwise by
 * path: a made-up host in front of somebody else's notebook must not be judged by the host alone.
 */
export function withHostDemand(byPath: CatalogueMatch, byHost: MatchedRoute): CatalogueMatch {
  if (byPath.kind === 'refused') return byPath;
  const { route } = byPath;
  if (route.id === UNMATCHED) return { kind: 'route', route: byHost };
  const namespaces = new Set([route.namespace, byHost.namespace]);
  namespaces.delete(undefined);
  if (namespaces.size > 1)
    return { kind: 'refused', reason: 'namespace_ambiguous', routeId: route.id };
  return {
    kind: 'route',
    route: {
      ...route,
      hostClass: byHost.class,
      effect: byHost.effect === 'write' ? 'write' : route.effect,
      neverRedirect: route.neverRedirect || byHost.neverRedirect,
      passAuthorization: route.passAuthorization && byHost.passAuthorization,
      namespace: route.namespace ?? byHost.namespace,
      isByIdOnly: route.isByIdOnly || byHost.isByIdOnly || showsLess(route, byHost),
      isNamespaceFree: false,
      demand: bothDemands(route.demand, byHost.demand),
    },
  };
}

/** Whichever of the two the mesh goes by, its namespace has to be seen. */
function showsLess(byPath: MatchedRoute, byHost: MatchedRoute): boolean {
  return byPath.namespace === undefined || byHost.namespace === undefined;
}

const closed: Demand = { kind: 'deny', reason: 'route_denied' };

function bothDemands(path: Demand, host: Demand): Demand {
  if (path.kind === 'deny' || host.kind === 'deny') return path.kind === 'deny' ? path : host;
  if (host.kind !== 'questions') return path.kind === 'public' ? host : path;
  switch (path.kind) {
    case 'questions':
      return { kind: 'questions', questions: [...path.questions, ...host.questions] };
    case 'inspect':
      // No inference service has such a path, and a body cannot be asked both ways.
      return closed;
    default:
      return host;
  }
}
