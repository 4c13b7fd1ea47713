// Owns the walk over all single values of a configuration.
import { pathText } from './problem.ts';

interface Leaf {
  /** `upstreams[0].tls.caFile` */
  readonly path: string;
  /** Name of the option: `caFile`. */
  readonly name: string;
  readonly value: unknown;
}

/** Every value that is not a mapping or a list, with its path. */
export function leavesOf(value: unknown, path: readonly PropertyKey[] = []): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((element, i) => leavesOf(element, [...path, i]));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, below]) => leavesOf(below, [...path, name]));
  return [{ path: pathText(path), name: String(path.at(-1)), value }];
}
