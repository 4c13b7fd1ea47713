// Owns the list of rows that are open to everybody, for whoever has to tell them to a mesh.
import { strictnessOf } from './lint-catalogue.ts';
import { METHODS, type Method, type RouteRow } from './route-row.ts';

interface PublicPath {
  readonly id: string;
  /** As written, such as `/dex/{page}/**`. */
  readonly path: string;
  readonly methods: readonly Method[];
}

/** Every path that anybody may ask for without signing in. */
export function publicPaths(rows: readonly RouteRow[]): PublicPath[] {
  return rows
    .filter((row) => strictnessOf(row) === 'public')
    .flatMap(({ id, paths, methods }) =>
      paths.map(({ text }) => ({ id, path: text, methods: methods === 'any' ? METHODS : methods })),
    );
}
