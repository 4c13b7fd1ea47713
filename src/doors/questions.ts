// Owns the way from a request's head to the question that `decide` is asked about it.
import {
  UNMATCHED,
  type CatalogueMatch,
  type MatchedRoute,
} from '../access/catalogue/matched-route.ts';
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import type { Route } from '../access/route.ts';
import type { Upstream, UpstreamTable } from '../access/upstream-table.ts';
import type { Question } from '../decide.ts';
import { readClientKind } from '../request/client-kind.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { RequestHead } from '../request/request-head.ts';
import { isSameSite } from '../request/same-site.ts';

export interface QuestionsDeps {
  readonly upstreams: UpstreamTable;
  readonly routes: RouteMatcher;
  readonly hygiene: Hygiene;
}

/** Where a request would go, and what is asked first. */
export interface AskedRequest {
  readonly upstream: Upstream;
  readonly question: Question;
}

export class Questions {
  readonly #deps: QuestionsDeps;

  constructor(deps: QuestionsDeps) {
    this.#deps = deps;
  }

  /** By the catalogue as it is now; undefined where no application is behind the path. */
  of(head: RequestHead): AskedRequest | undefined {
    const { upstreams, routes, hygiene } = this.#deps;
    const found = upstreams.match(head.target);
    if (found === undefined) return undefined;
    const match = merged(routes.match(head), found.route);
    const question = questionAbout(head, match, hygiene, found.route.neverRedirect);
    return { upstream: found.upstream, question };
  }
}

/** What is asked about a request that falls under this match; `neverRedirect` where only programs call. */
export function questionAbout(
  head: RequestHead,
  match: CatalogueMatch,
  { publicOrigins }: Pick<Hygiene, 'publicOrigins'>,
  neverRedirect = false,
): Question {
  const isForPrograms = neverRedirect || (match.kind === 'route' && match.route.neverRedirect);
  return {
    head,
    match,
    client: isForPrograms ? 'program' : readClientKind(head),
    isSameSite: isSameSite(head, publicOrigins),
  };
}

/** A row of the catalogue wins; where there is none, a public upstream is public. */
function merged(match: CatalogueMatch, upstream: Route): CatalogueMatch {
  if (match.kind === 'refused' || match.route.id !== UNMATCHED) return match;
  return upstream.access === 'public' ? { kind: 'route', route: publicRoute(match.route) } : match;
}

function publicRoute(route: MatchedRoute): MatchedRoute {
  return { ...route, demand: { kind: 'public' } };
}
