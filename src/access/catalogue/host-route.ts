// Owns rows that go by Host: what a request to an inference service demands.
import { compileHostPatterns, type HostReader, type HostReading } from '../host-patterns.ts';
import type { ResourceAction, ResourceQuestion } from '../rbac/access-question.ts';
import type { AskTemplate } from './ask-line.ts';
import { effectOf } from './compiled-route.ts';
import type { Demand, MatchedRoute } from './matched-route.ts';
import type { RoutedHead } from './route-matcher.ts';
import { METHODS, type RouteRow } from './route-row.ts';

export interface HostRoutes {
  /** What the first row says whose hosts and methods fit; undefined when there is none. */
  match(head: RoutedHead): MatchedRoute | undefined;
}

interface HostRoute {
  readonly row: RouteRow;
  readonly methods: ReadonlySet<string>;
  readonly read: HostReader;
  readonly asks: readonly { readonly action: ResourceAction; readonly template: AskTemplate }[];
}

/** Compiles the rows that go by host; undefined when no host can fit any of them. */
export function compileHostRoutes(
  rows: readonly RouteRow[],
  inferenceHosts: readonly string[],
  actionOf: (ask: AskTemplate) => ResourceAction,
): HostRoutes | undefined {
  const routes = rows.flatMap((row): HostRoute[] => {
    const patterns = row.hosts === 'inferenceHosts' ? inferenceHosts : (row.hosts ?? []);
    if (patterns.length === 0) return [];
    const asks = row.ask.map((template) => ({ action: actionOf(template), template }));
    const methods = new Set<string>(row.methods === 'any' ? METHODS : row.methods);
    return [{ row, methods, read: compileHostPatterns(patterns), asks }];
  });
  if (routes.length === 0) return undefined;
  return {
    match(head) {
      for (const route of routes) {
        const found = route.methods.has(head.method) ? route.read(head.host) : undefined;
        if (found !== undefined) return matchedHost(route, found.readings, head);
      }
      return undefined;
    },
  };
}

function matchedHost(
  route: HostRoute,
  readings: readonly HostReading[],
  head: RoutedHead,
): MatchedRoute {
  const { row } = route;
  return {
    id: row.id,
    class: row.class,
    effect: row.effect ?? effectOf(head),
    neverRedirect: row.neverRedirect,
    passAuthorization: row.passAuthorization,
    namespace: onlyNamespace(readings),
    isByIdOnly: row.isByIdOnly,
    demand: demandOf(route, readings),
  };
}

/** Undefined where the host can be read as several namespaces. */
function onlyNamespace(readings: readonly HostReading[]): string | undefined {
  const [first] = readings;
  return readings.every(({ namespace }) => namespace === first?.namespace)
    ? first?.namespace
    : undefined;
}

/** Every reading must be allowed: nobody can tell here which of them the mesh will take. */
function demandOf({ row, asks }: HostRoute, readings: readonly HostReading[]): Demand {
  const questions = readings.flatMap((reading) =>
    asks.map(({ action, template }): ResourceQuestion => ({
      action,
      namespace: reading.namespace,
      name: nameOf(template, reading),
    })),
  );
  if (questions.length > 0) return { kind: 'questions', questions };
  if (row.noNamespace === 'public') return { kind: 'public' };
  if (row.noNamespace === 'authenticated') return { kind: 'authenticated' };
  return { kind: 'deny', reason: 'route_denied' };
}

function nameOf({ name }: AskTemplate, reading: HostReading): string {
  if (name.kind === 'fixed') return name.name;
  return name.kind === 'placeholder' ? reading.name : '';
}
