// Owns compiling rows into a matcher: which row a request falls under, and what it demands.
import { checkDecidingSegments, type DecidingRule } from '../../request/deciding-segments.ts';
import { hostName } from '../../request/host.ts';
import type { Target } from '../../request/target.ts';
import type { ResourceAction } from '../rbac/access-question.ts';
import { OPEN_VERB, type AskTemplate, type NameSource } from './ask-line.ts';
import { withHostDemand } from './combined-demand.ts';
import {
  closedFor,
  effectOf,
  matchRoute,
  type CompiledAsk,
  type CompiledRoute,
  type NamePlace,
} from './compiled-route.ts';
import { compileHostRoutes, type HostRoutes } from './host-route.ts';
import { strictnessOf } from './lint-catalogue.ts';
import { UNMATCHED, type CatalogueMatch, type MatchedRoute } from './matched-route.ts';
import { indexOfPlaceholder, type PathPattern } from './path-pattern.ts';
import type { RoutedHead, RouteMatcher } from './route-matcher.ts';
import { METHODS, type Method, type RouteRow } from './route-row.ts';
import { RouteTree } from './route-tree.ts';

export interface CatalogueOptions {
  /** The verb that opening a shell or an editor asks for. */
  readonly openVerb: string;
  /** What a path that no row names asks of the caller. */
  readonly unmatched: 'authenticated' | 'deny';
  /** Host patterns of inference services. */
  readonly inferenceHosts: readonly string[];
  /**
   * Names of the gateway's own hosts. At another one, what no row names is closed: the mesh may route it to
   * an application that claims that host, such as somebody's model. Where none is known, every host is its own.
   */
  readonly ownHosts?: readonly string[];
}

/**
 * Compiles layers of rows. A row of an earlier layer goes before every row of a later one; within a
 * layer the more specific pattern goes first. Actions of questions are one object each, however many
 * rows ask for them. Rows that the linter finds fault with may be compiled, their faults stay.
 */
export function compileCatalogue(
  layers: readonly (readonly RouteRow[])[],
  options: CatalogueOptions,
): RouteMatcher {
  const actions = new Actions(options.openVerb);
  const trees = layers.map((rows) => treeOf(rows, actions));
  const hosts = compileHostRoutes(layers.flat(), options.inferenceHosts, (ask) => actions.of(ask));
  return new CompiledCatalogue(trees, hosts, options);
}

class CompiledCatalogue implements RouteMatcher {
  readonly #trees: readonly RouteTree<CompiledRoute>[];
  readonly #hosts: HostRoutes | undefined;
  readonly #unmatched: 'authenticated' | 'deny';
  readonly #ownHosts: ReadonlySet<string>;

  constructor(
    trees: readonly RouteTree<CompiledRoute>[],
    hosts: HostRoutes | undefined,
    { unmatched, ownHosts = [] }: CatalogueOptions,
  ) {
    this.#trees = trees;
    this.#hosts = hosts;
    this.#unmatched = unmatched;
    this.#ownHosts = new Set(ownHosts.map(hostName));
  }

  match(head: RoutedHead): CatalogueMatch {
    const byPath = this.#matchPath(head);
    const byHost = this.#hosts?.match(head);
    return byHost === undefined ? byPath : withHostDemand(byPath, byHost);
  }

  #matchPath(head: RoutedHead): CatalogueMatch {
    const { target, method } = head;
    const { segments, decodedSegments } = target;
    const raw = this.#find(segments, method);
    const decoded = segments === decodedSegments ? raw : this.#find(decodedSegments, method);
    const looked = Math.max(raw.looked, decoded.looked);
    if (raw.route !== decoded.route || hasAmbiguousSegments(target, looked))
      return {
        kind: 'refused',
        reason: 'target_ambiguous',
        routeId: raw.route?.row.id ?? UNMATCHED,
      };
    if (raw.route !== undefined) return matchRoute(raw.route, head);
    return closedByOthers(raw.others ?? decoded.others, head) ?? this.#unmatchedFor(head);
  }

  /** Looks through the layers; `looked` is how many leading segments decided. */
  #find(segments: readonly string[], method: string): Found {
    let looked = 0;
    let others: Found['others'] = undefined;
    for (const tree of this.#trees) {
      const route = tree.find(segments, method);
      looked = Math.max(looked, tree.looked);
      others ??= tree.others;
      if (route !== undefined) return { route, looked, others: undefined };
    }
    return { route: undefined, looked, others };
  }

  #unmatchedFor(head: RoutedHead): CatalogueMatch {
    const isOwn = this.#ownHosts.size === 0 || this.#ownHosts.has(hostName(head.host));
    return unmatchedRoutes[isOwn ? this.#unmatched : 'elsewhere'][effectOf(head)];
  }
}

interface Found {
  readonly route: CompiledRoute | undefined;
  readonly looked: number;
  /** Where there is no route: those of the same path for other methods. */
  readonly others: ReadonlyMap<string, CompiledRoute> | undefined;
}

/**
 * A row that opens a path by some methods means that the others are closed, not that they are open to everybody.
 * One that closes it by some says nothing of the others.
 */
function closedByOthers(others: Found['others'], head: RoutedHead): CatalogueMatch | undefined {
  const open = Array.from(others ?? []).filter(([, { row }]) => strictnessOf(row) !== 'deny');
  const [first] = open;
  if (first === undefined) return undefined;
  const methods = open.map(([method]) => method);
  return closedFor(first[1].row, head, methods);
}

function unmatchedRoute(
  effect: MatchedRoute['effect'],
  demand: MatchedRoute['demand'],
): CatalogueMatch {
  const shared = { neverRedirect: false, passAuthorization: false, isByIdOnly: false };
  return {
    kind: 'route',
    route: { id: UNMATCHED, class: UNMATCHED, effect, namespace: undefined, demand, ...shared },
  };
}

const unmatchedRoutes = {
  authenticated: {
    read: unmatchedRoute('read', { kind: 'authenticated' }),
    write: unmatchedRoute('write', { kind: 'authenticated' }),
  },
  deny: {
    read: unmatchedRoute('read', { kind: 'deny', reason: 'route_denied' }),
    write: unmatchedRoute('write', { kind: 'deny', reason: 'route_denied' }),
  },
  elsewhere: {
    read: unmatchedRoute('read', { kind: 'deny', reason: 'host_not_served' }),
    write: unmatchedRoute('write', { kind: 'deny', reason: 'host_not_served' }),
  },
};

/** The stricter rules hold for every segment that led to a row, or could have led to another one. */
function hasAmbiguousSegments(target: Target, count: number): boolean {
  const { path, segments, decodedSegments } = target;
  // Otherwise no segment can be empty, encoded or cut short.
  const isSuspect = segments !== decodedSegments || path.includes('//') || path.includes(';');
  if (!isSuspect) return false;
  return checkDecidingSegments(target, ruleFor(count)) !== undefined;
}

const rules: DecidingRule[] = [];

function ruleFor(count: number): DecidingRule {
  return (rules[count] ??= { count, namespaceAt: undefined, objectAt: undefined });
}

/** One object per action: the index of RBAC remembers what it found by that object. */
class Actions {
  readonly #openVerb: string;
  readonly #known = new Map<string, ResourceAction>();

  constructor(openVerb: string) {
    this.#openVerb = openVerb;
  }

  of({ action }: AskTemplate): ResourceAction {
    const verb = action.verb === OPEN_VERB ? this.#openVerb : action.verb;
    const key = JSON.stringify([verb, action.group, action.resource, action.subresource]);
    const known = this.#known.get(key) ?? { ...action, verb };
    this.#known.set(key, known);
    return known;
  }
}

function treeOf(rows: readonly RouteRow[], actions: Actions): RouteTree<CompiledRoute> {
  const tree = new RouteTree<CompiledRoute>();
  const routes = rows.flatMap((row) =>
    row.paths.map((pattern) => ({ pattern, route: compileRoute(row, pattern, actions) })),
  );
  // Methods that a row names go before those that follow from others, those before rows for any method.
  for (const methodsOf of [namedMethods, impliedMethods, anyMethods])
    for (const { pattern, route } of routes) tree.add(pattern, methodsOf(route.row), route);
  return tree;
}

function namedMethods({ methods }: RouteRow): readonly Method[] {
  return methods === 'any' ? [] : methods;
}

/** HEAD and OPTIONS (of CORS preflights, too) show no more than GET, and are asked the same. */
function impliedMethods({ methods }: RouteRow): readonly Method[] {
  return methods !== 'any' && methods.includes('GET') ? ['HEAD', 'OPTIONS'] : [];
}

function anyMethods({ methods }: RouteRow): readonly Method[] {
  return methods === 'any' ? METHODS : [];
}

function compileRoute(row: RouteRow, pattern: PathPattern, actions: Actions): CompiledRoute {
  return {
    row,
    namespaceAt: indexOfPlaceholder(pattern, 'namespace'),
    asks: row.ask.map((ask): CompiledAsk => ({
      action: actions.of(ask),
      name: placeOf(ask.name, pattern),
    })),
  };
}

function placeOf(name: NameSource, pattern: PathPattern): NamePlace {
  switch (name.kind) {
    case 'none':
      return { kind: 'fixed', name: '' };
    case 'placeholder':
      return { kind: 'segment', at: indexOfPlaceholder(pattern, name.name) };
    default:
      return name;
  }
}
