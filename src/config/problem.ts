// Owns Problem: one thing that is wrong with the configuration, and what would be right.
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { optionNames } from './option-table.ts';

export interface Problem {
  /** `oidc.issuer`, `upstreams[0].prefix`, or the environment variable's name. */
  readonly path: string;
  readonly message: string;
}

/** `['upstreams', 0, 'prefix']` as `upstreams[0].prefix`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

/** The problems that a schema found below the option `name`. */
export function schemaProblems(name: string, error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = [name, ...issue.path];
    if (issue.code !== 'unrecognized_keys')
      return [{ path: pathText(path), message: issue.message }];
    return issue.keys.map((key) => unknownOption([...path, key]));
  });
}

export function unknownOption(path: readonly PropertyKey[]): Problem {
  const names = optionNames(path.slice(0, -1));
  const guess = nearest(String(path.at(-1)), names);
  const hint =
    guess === undefined ? `The options here: ${names.join(', ')}.` : `Did you mean ${guess}?`;
  return { path: pathText(path), message: `is not an option. ${hint}` };
}
