// Owns loading the catalogue from its files: read, linted, compiled, or every reason why not.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorText } from '../../kernel/logger.ts';
import { compileCatalogue, type CatalogueOptions } from './compile-catalogue.ts';
import { lintCatalogue } from './lint-catalogue.ts';
import { problemText, readCatalogue } from './read-catalogue.ts';
import type { RouteMatcher } from './route-matcher.ts';
import type { RouteRow } from './route-row.ts';

export interface CatalogueFiles {
  /** The catalogue itself. */
  readonly routes: string;
  /** Rows that go before those of the catalogue. */
  readonly extraRoutes?: string | undefined;
}

export interface LoadedCatalogue {
  readonly kind: 'loaded';
  readonly matcher: RouteMatcher;
  readonly rows: readonly RouteRow[];
  /** What somebody should look at, a line each. */
  readonly warnings: readonly string[];
}

export type LoadCatalogue =
  LoadedCatalogue | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** A file as it was read. */
export interface CatalogueText {
  readonly file: string;
  /** Undefined where it cannot be read. */
  readonly text: string | undefined;
  readonly problem: string | undefined;
}

/** Reads the files in the order in which their rows are tried. */
export function readCatalogueFiles({ routes, extraRoutes }: CatalogueFiles): CatalogueText[] {
  const catalogue = readText(routes);
  return extraRoutes === undefined ? [catalogue] : [readText(extraRoutes), catalogue];
}

function readText(file: string): CatalogueText {
  try {
    return { file, text: readFileSync(file, 'utf8'), problem: undefined };
  } catch (error) {
    return { file, text: undefined, problem: `${file}: cannot be read: ${errorText(error)}` };
  }
}

/** Tells whether the files differ from those of another reading. */
export function fingerprintOf(texts: readonly CatalogueText[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('base64url');
}

/** Makes a catalogue of the files. Tells all problems of form, or all faults between rows. */
export function loadCatalogue(
  texts: readonly CatalogueText[],
  options: CatalogueOptions,
): LoadCatalogue {
  const layers: (readonly RouteRow[])[] = [];
  const problems: string[] = [];
  for (const { file, text, problem } of texts) {
    const read = text === undefined ? undefined : readCatalogue(text, file);
    if (read?.kind === 'read') layers.push(read.rows);
    else problems.push(...(read?.problems.map(problemText) ?? [problem ?? file]));
  }
  if (problems.length > 0) return { kind: 'invalid', problems };
  const { errors, warnings } = lintCatalogue(layers);
  if (errors.length > 0) return { kind: 'invalid', problems: errors.map(problemText) };
  return {
    kind: 'loaded',
    matcher: compileCatalogue(layers, options),
    rows: layers.flat(),
    warnings: warnings.map(problemText),
  };
}
