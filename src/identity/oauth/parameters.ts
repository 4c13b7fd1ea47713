// Owns reading the parameters of an OAuth request so that nobody can read them in another way.

export type Parameters = ReadonlyMap<string, string>;

/** More than any request of ours has. */
const MOST_PARAMETERS = 30;

/**
 * The parameters of a query or form (application/x-www-form-urlencoded), by name. Undefined when one
 * stands twice (RFC 6749 section 3.1), when an escape is not well-formed UTF-8, and when there are too many.
 * One without a value is as if it were not there, as that section demands.
 */
export function readParameters(text: string): Parameters | undefined {
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > MOST_PARAMETERS) return undefined;
  const names = new Set<string>();
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decoded(pair.slice(equals + 1));
    if (name === undefined || value === undefined || names.has(name)) return undefined;
    names.add(name);
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
