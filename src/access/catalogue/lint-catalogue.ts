// Owns what is wrong with rows although each is well-formed: contradictions within a row, and rows
// that get in each other's way.
import { passedAuthorization } from './passed-authorization.ts';
import type { CatalogueProblem } from './read-catalogue.ts';
import {
  goesBefore,
  indexOfPlaceholder,
  patternCovers,
  patternsOverlap,
  type PathPattern,
} from './path-pattern.ts';
import { METHODS, type Method, type RouteRow } from './route-row.ts';

export interface CatalogueFindings {
  /** The catalogue must not be used. */
  readonly errors: readonly CatalogueProblem[];
  /** It can be used, and somebody should look at it. */
  readonly warnings: readonly CatalogueProblem[];
}

/** How strict a row is, as far as the linter tells apart; from lax to strict. */
export const STRICTNESSES = ['public', 'authenticated', 'questions', 'inspect', 'deny'] as const;
export type Strictness = (typeof STRICTNESSES)[number];

/** The strictest thing that a row demands. */
export function strictnessOf(row: RouteRow): Strictness {
  if (row.inspect !== undefined) return 'inspect';
  if (row.ask.length > 0) return 'questions';
  return row.noNamespace === 'cluster' ? 'questions' : row.noNamespace;
}

/** Looks over layers of rows in the order in which they are tried. */
export function lintCatalogue(layers: readonly (readonly RouteRow[])[]): CatalogueFindings {
  const rows = layers.flat();
  const errors = [
    ...rows.flatMap(contradictions),
    ...repeatedIds(rows),
    ...passedAuthorization(layers),
  ];
  const warnings = rows.flatMap(unreadNamespaces);
  layers.forEach((rowsOfLayer, index) => {
    const found = lintLayer(rowsOfLayer, layers.slice(0, index).flat());
    errors.push(...found.errors);
    warnings.push(...found.warnings);
  });
  return { errors, warnings };
}

function problem({ id, place }: RouteRow, message: string): CatalogueProblem {
  return { ...place, row: id, message };
}

/** What no request could make sense of. */
function contradictions(row: RouteRow): CatalogueProblem[] {
  const faults = [
    ...row.paths.flatMap((pattern) => pathFaults(row, pattern)),
    ...(row.hosts === undefined ? [] : hostFaults(row)),
    ...demandFaults(row),
  ];
  if ((row.hosts !== undefined) === row.paths.length > 0)
    faults.unshift('needs either path or host');
  return faults.map((message) => problem(row, message));
}

function demandFaults(row: RouteRow): string[] {
  const { ask, noNamespace, emptyNamespace } = row;
  const asks = ask.length > 0;
  const showsNone = row.namespace.kind === 'none';
  const isForCluster = noNamespace === 'cluster' || emptyNamespace === 'cluster';
  const faults: readonly (readonly [boolean, string])[] = [
    [
      asks && showsNone && noNamespace !== 'cluster',
      'asks, but shows no namespace: add {namespace}, namespace, or noNamespace: cluster',
    ],
    [!asks && isForCluster, 'noNamespace: cluster needs ask'],
    [
      row.isNamespaceFree && hasToDoWithNamespace(row),
      'is namespaceFree, and yet has to do with a namespace',
    ],
    [row.allow !== undefined && noNamespace !== 'deny', 'allow needs noNamespace: deny'],
    [
      noNamespace === 'public' && (asks || row.inspect !== undefined),
      'is public and asks something',
    ],
  ];
  return faults.filter(([isFault]) => isFault).map(([, message]) => message);
}

function hasToDoWithNamespace({ ask, namespace, isByIdOnly, inspect }: RouteRow): boolean {
  return ask.length > 0 || namespace.kind !== 'none' || isByIdOnly || inspect !== undefined;
}

function pathFaults(row: RouteRow, pattern: PathPattern): string[] {
  const names = pattern.segments.flatMap((each) =>
    each.kind === 'placeholder' ? [each.name] : [],
  );
  const unknown = placeholdersAsked(row).filter((name) => !names.includes(name));
  const faults = unknown.map((name) => `asks for {${name}}, which ${pattern.text} does not have`);
  if (new Set(names).size !== names.length)
    faults.push(`${pattern.text} has one placeholder twice`);
  const hasNamespace = indexOfPlaceholder(pattern, 'namespace') !== -1;
  if (row.namespace.kind === 'path' && !hasNamespace)
    faults.push(`${pattern.text} has no {namespace}, another path of the row has`);
  if (row.namespace.kind === 'query' && hasNamespace)
    faults.push(`${pattern.text} has {namespace}, and namespace names a query parameter`);
  return faults;
}

function hostFaults(row: RouteRow): string[] {
  const unknown = placeholdersAsked(row).filter((name) => name !== 'name');
  const faults = unknown.map((name) => `asks for {${name}}, which no host pattern has`);
  if (row.inspect !== undefined) faults.push('goes by host and cannot inspect');
  if (row.ask.some(({ name }) => name.kind === 'query'))
    faults.push('goes by host and cannot ask for a query parameter');
  return faults;
}

function placeholdersAsked({ ask }: RouteRow): string[] {
  return ask.flatMap(({ name }) => (name.kind === 'placeholder' ? [name.name] : []));
}

function repeatedIds(rows: readonly RouteRow[]): CatalogueProblem[] {
  const seen = new Set<string>();
  return rows.flatMap((row) => {
    const isKnown = seen.has(row.id);
    seen.add(row.id);
    return isKnown ? [problem(row, `${row.id} is the id of another row`)] : [];
  });
}

function unreadNamespaces(row: RouteRow): CatalogueProblem[] {
  const isShown = row.namespace.kind === 'path' || row.namespace.kind === 'query';
  const isRead = row.ask.length > 0 || row.noNamespace === 'deny' || row.inspect !== undefined;
  return isShown && !isRead ? [problem(row, 'shows a namespace that nothing asks about')] : [];
}

/** A pattern of a row, and the methods that it is there for. */
interface Place {
  readonly row: RouteRow;
  readonly pattern: PathPattern;
  readonly methods: ReadonlySet<Method>;
}

function placesOf(rows: readonly RouteRow[]): Place[] {
  return rows.flatMap((row) =>
    row.paths.map((pattern) => ({ row, pattern, methods: new Set(methodsOf(row)) })),
  );
}

function methodsOf({ methods }: RouteRow): readonly Method[] {
  return methods === 'any' ? METHODS : methods;
}

function lintLayer(
  rows: readonly RouteRow[],
  before: readonly RouteRow[],
): { readonly errors: CatalogueProblem[]; readonly warnings: CatalogueProblem[] } {
  const places = placesOf(rows);
  const errors = places.flatMap((place, index) => twins(place, places.slice(0, index)));
  const warnings = places.flatMap((place, index) => crossings(place, places.slice(0, index)));
  for (const place of places) {
    const [wide, narrow] = publicAround(place, places);
    errors.push(...wide);
    warnings.push(...narrow);
  }
  warnings.push(...placesOf(before).flatMap((earlier) => shadows(earlier, places)));
  return { errors, warnings };
}

function shareMethods(a: Place, b: Place): boolean {
  return Array.from(a.methods).some((method) => b.methods.has(method));
}

/** The same requests twice: only the first row would ever be used. A row for any method fills gaps. */
function twins(place: Place, others: readonly Place[]): CatalogueProblem[] {
  return others
    .filter((other) => isTwin(place, other))
    .map((other) => problem(place.row, `is never reached: ${other.row.id} has the same paths`));
}

function isTwin(a: Place, b: Place): boolean {
  if (!patternCovers(a.pattern, b.pattern) || !patternCovers(b.pattern, a.pattern)) return false;
  const haveGap = (a.row.methods === 'any') !== (b.row.methods === 'any');
  return !haveGap && shareMethods(a, b);
}

/**
 * Two patterns of which neither contains the other, where the row that demands less goes first: it
 * takes requests from the stricter one that nobody may have thought of.
 */
function crossings(place: Place, others: readonly Place[]): CatalogueProblem[] {
  return others.flatMap((other) => {
    if (!shareMethods(other, place) || !cross(other.pattern, place.pattern)) return [];
    const [first, second] = goesBefore(place.pattern, other.pattern)
      ? [place, other]
      : [other, place];
    return rankOf(first.row) < rankOf(second.row)
      ? [
          problem(
            first.row,
            `${first.pattern.text} takes requests from the stricter ${second.row.id} (${second.pattern.text})`,
          ),
        ]
      : [];
  });
}

function cross(a: PathPattern, b: PathPattern): boolean {
  return patternsOverlap(a, b) && !patternCovers(a, b) && !patternCovers(b, a);
}

function rankOf(row: RouteRow): number {
  return STRICTNESSES.indexOf(strictnessOf(row));
}

/**
 * A public row around a guarded one is an error: whatever slips past the narrow row is open to everybody. Inside one, it is an
 * exception that somebody should have meant.
 */
function publicAround(
  place: Place,
  places: readonly Place[],
): [errors: CatalogueProblem[], warnings: CatalogueProblem[]] {
  if (strictnessOf(place.row) !== 'public') return [[], []];
  const guarded = places.filter((other) => isGuarded(other.row) && shareMethods(other, place));
  const inside = guarded.filter(({ pattern }) => patternCovers(place.pattern, pattern));
  const around = guarded.filter(
    ({ pattern }) =>
      patternCovers(pattern, place.pattern) && !inside.some((x) => x.pattern === pattern),
  );
  return [
    inside.map(({ row }) => problem(place.row, `is public around ${row.id}, which is not`)),
    around.map(({ row }) => problem(place.row, `is a public exception of ${row.id}`)),
  ];
}

function isGuarded(row: RouteRow): boolean {
  const strictness = strictnessOf(row);
  return strictness === 'questions' || strictness === 'inspect' || strictness === 'deny';
}

/** A row of an earlier layer that takes requests away from rows that demand more. */
function shadows(earlier: Place, later: readonly Place[]): CatalogueProblem[] {
  const taken = later.filter(
    ({ row, pattern, methods }) =>
      rankOf(row) > rankOf(earlier.row) &&
      Array.from(methods).some((method) => earlier.methods.has(method)) &&
      patternsOverlap(earlier.pattern, pattern),
  );
  if (taken.length === 0) return [];
  const names = taken.slice(0, 5).map(({ row }) => row.id);
  const more = taken.length > names.length ? ` and ${taken.length - names.length} more` : '';
  return [
    problem(earlier.row, `takes requests from ${names.join(', ')}${more}, which demand more`),
  ];
}
