// Owns what becomes of a request that fits a row: its namespace is read, its names are checked, its
// demand is made.
import type { ReasonCode } from '../../kernel/reasons.ts';
import { isDnsSubdomain } from '../../request/dns-name.ts';
import { readQueryParameter } from '../../request/query-parameter.ts';
import type { Target } from '../../request/target.ts';
import type { ResourceAction, ResourceQuestion } from '../rbac/access-question.ts';
import type { CatalogueMatch, Demand, MatchedRoute } from './matched-route.ts';
import { usesMethodOverride } from './method-override.ts';
import { readNamespace, type ReadNamespace } from './read-namespace.ts';
import type { RoutedHead } from './route-matcher.ts';
import type { Fallback, RouteRow } from './route-row.ts';

/** Where the name of an object is found. */
export type NamePlace =
  | { readonly kind: 'fixed'; readonly name: string }
  /** A segment of the path. */
  | { readonly kind: 'segment'; readonly at: number }
  | { readonly kind: 'query'; readonly parameter: string };

export interface CompiledAsk {
  readonly action: ResourceAction;
  readonly name: NamePlace;
}

/** One pattern of a row. */
export interface CompiledRoute {
  readonly row: RouteRow;
  /** Segment of the namespace; -1 where the path has none. */
  readonly namespaceAt: number;
  readonly asks: readonly CompiledAsk[];
}

/** What `route` makes of a request whose path fits it. */
export function matchRoute(route: CompiledRoute, head: RoutedHead): CatalogueMatch {
  const { row } = route;
  if (row.refusesMethodOverride && usesMethodOverride(head)) return refusal(row, 'method_override');
  if (hasRefusedReferer(row, head)) return refusal(row, 'referer_routes');
  const read = readNamespace(row, route.namespaceAt, head.target);
  if (read.kind === 'refused') return refusal(row, read.reason);
  const names = row.ask.length === 0 ? noNames : namesOf(route, head.target);
  if (typeof names === 'string') return refusal(row, names);
  return answer(row, head, read, demandOf(route, read, names));
}

function refusal({ id }: RouteRow, reason: ReasonCode): CatalogueMatch {
  return { kind: 'refused', reason, routeId: id };
}

function hasRefusedReferer({ refusedReferer }: RouteRow, { hints }: RoutedHead): boolean {
  return refusedReferer !== undefined && hints.referer?.includes(refusedReferer) === true;
}

const noNames: readonly string[] = [];

function answer(
  row: RouteRow,
  head: RoutedHead,
  read: Exclude<ReadNamespace, { kind: 'refused' }>,
  demand: Demand,
): CatalogueMatch {
  const route: MatchedRoute = {
    id: row.id,
    class: row.class,
    effect: row.effect ?? effectOf(head),
    neverRedirect: row.neverRedirect,
    passAuthorization: row.passAuthorization,
    namespace: read.kind === 'shown' ? read.namespace : undefined,
    isByIdOnly: row.isByIdOnly || read.isOverridden,
    isNamespaceFree: row.isNamespaceFree,
    demand,
    serviceAccountsCannot: row.serviceAccountsCannot,
  };
  return { kind: 'route', route };
}

/** 405: the row is for these methods only. */
export function closedFor(
  row: RouteRow,
  head: RoutedHead,
  allow: readonly string[],
): CatalogueMatch {
  const demand: Demand = { kind: 'deny', reason: 'method_not_allowed', allow };
  return answer(row, head, { kind: 'absent', isOverridden: false }, demand);
}

/** What comes over a WebSocket is not seen, so it may write. */
export function effectOf({ method, hints }: RoutedHead): 'read' | 'write' {
  const isReading = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  return isReading && !hints.isWebSocket ? 'read' : 'write';
}

function demandOf(
  route: CompiledRoute,
  read: Exclude<ReadNamespace, { kind: 'refused' }>,
  names: readonly string[],
): Demand {
  const { row } = route;
  if (row.inspect !== undefined) return { kind: 'inspect', ...row.inspect };
  if (read.kind !== 'shown')
    return fallbackDemand(
      route,
      read.kind === 'empty' ? row.emptyNamespace : row.noNamespace,
      names,
    );
  if (route.asks.length === 0) return fallbackDemand(route, row.noNamespace, names);
  return { kind: 'questions', questions: questionsOf(route.asks, read.namespace, names) };
}

const publicDemand: Demand = { kind: 'public' };
const authenticatedDemand: Demand = { kind: 'authenticated' };
const closedDemand: Demand = { kind: 'deny', reason: 'route_denied' };
const namespaceRequired: Demand = { kind: 'deny', reason: 'namespace_required' };

function fallbackDemand(
  { row, asks }: CompiledRoute,
  fallback: Fallback,
  names: readonly string[],
): Demand {
  switch (fallback) {
    case 'public':
      return publicDemand;
    case 'authenticated':
      return authenticatedDemand;
    case 'cluster':
      return { kind: 'questions', questions: questionsOf(asks, '', names) };
    case 'deny':
      if (row.allow !== undefined)
        return { kind: 'deny', reason: 'method_not_allowed', allow: row.allow };
      return row.namespace.kind === 'query' ? namespaceRequired : closedDemand;
  }
}

function questionsOf(
  asks: readonly CompiledAsk[],
  namespace: string,
  names: readonly string[],
): ResourceQuestion[] {
  return asks.map(({ action }, index) => ({ action, namespace, name: names[index] ?? '' }));
}

/** The names that the questions ask for, in their order, or why the request is refused. */
function namesOf({ row, asks }: CompiledRoute, target: Target): readonly string[] | ReasonCode {
  const names: string[] = [];
  for (const { name } of asks) {
    const found = nameAt(name, target);
    if (found === undefined) return 'target_ambiguous';
    const isChecked = name.kind !== 'fixed' && found !== '' && !row.hasFreeNames;
    if (isChecked && !isDnsSubdomain(found)) return 'target_name';
    names.push(found);
  }
  return names;
}

/** Empty where there is none, which asks for every object; undefined where it can be read twice. */
function nameAt(place: NamePlace, target: Target): string | undefined {
  switch (place.kind) {
    case 'fixed':
      return place.name;
    case 'segment':
      return target.decodedSegments[place.at] ?? '';
    case 'query': {
      const read = readQueryParameter(target, place.parameter);
      if (read.kind === 'refused') return undefined;
      return read.kind === 'value' ? read.value : '';
    }
  }
}
