// Owns the form of rules between options.
import type { Problem } from './problem.ts';
import type { Config } from './schema.ts';

/** The sections that are well-formed: a rule that needs another one says nothing. */
export type PartialConfig = { readonly [K in keyof Config]?: Config[K] | undefined };

export type Rule = (config: PartialConfig) => Problem[];

/** One problem where the condition holds, else none. */
export function problemIf(condition: boolean, path: string, message: string): Problem[] {
  return condition ? [{ path, message }] : [];
}

export const isHttp = (url: string | undefined): boolean => url?.startsWith('http://') === true;

/** What is wrong with text that is put before names: it would break or reserve all of them. */
export function prefixProblem(prefix: string, path: string): Problem[] {
  return problemIf(
    /,|^system:/.test(prefix),
    path,
    'must not contain a comma or begin with "system:", which is reserved for Kubernetes',
  );
}
