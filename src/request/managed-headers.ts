// Owns the recogniser of managed identity headers: those that only the gateway may set.

/**
 * Managed whatever the configuration says: what the gateway itself sets or consumes. A trailing
 * `*` stands for any ending. The others are the configuration's (identityHeaders.managed).
 */
export const ALWAYS_MANAGED_HEADERS = ['kubeflow-userid', 'kubeflow-groups', 'x-kfgw-*'] as const;

/**
 * - `managed`: the exact name in any case; removed and counted.
 * - `alias`: an application that folds punctuation (WSGI, CGI, PHP) would take it for a managed
 *   name; refused (CVE-2025-64484, CVE-2026-88011).
 */
export type HeaderIdentity = 'managed' | 'alias' | 'other';

export interface ManagedHeaders {
  classify(name: string): HeaderIdentity;
  /** The entry of the list that the name falls under, e.g. `x-remote-*`; undefined for `other`. */
  entryOf(name: string): string | undefined;
}

/**
 * Compiles a list of header names and prefixes (`x-remote-*`). Names are compared without case
 * (RFC 9110 section 5.1). Throws a RangeError for an entry that is not a header name or would
 * manage every header.
 */
export function compileManagedHeaders(names: readonly string[]): ManagedHeaders {
  const exact = new Map<string, string>();
  const prefixes: { readonly folded: string; readonly entry: string }[] = [];
  for (const name of names) {
    const entry = name.toLowerCase();
    if (!/^[a-z0-9][-a-z0-9]*\*?$/.test(entry)) throw new RangeError(`not a header name: ${name}`);
    if (entry.endsWith('*')) prefixes.push({ folded: entry.slice(0, -1), entry });
    else exact.set(entry, entry);
  }
  const entryFor = (folded: string): string | undefined =>
    exact.get(folded) ?? prefixes.find((prefix) => folded.startsWith(prefix.folded))?.entry;
  return {
    entryOf: (name) => entryFor(foldHeaderName(name)),
    classify(name) {
      if (entryFor(foldHeaderName(name)) === undefined) return 'other';
      return entryFor(name.toLowerCase()) === undefined ? 'alias' : 'managed';
    },
  };
}

/**
 * The spelling under which any application would look a header up: lower case, every character that
 * is not a letter or digit as `-` (WSGI and CGI fold `-` and `_`, PHP `.` too, Apache all of them).
 */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
}
