// Owns patterns of user and group names, which the configuration checks and tokens' issuers are held to.

/** Fits every name. */
export const ANY_NAME = '*';

/** Whether `text` is a pattern: a name, its beginning and `*`, or `*` and its end. */
export function isNamePattern(text: string): boolean {
  return /^(?:[^*]+\*?|\*[^*]*)$/.test(text);
}

/** Whether a name fits one of `patterns`, byte for byte; false for what is no pattern. */
export function fitsNamePattern(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => isNamePattern(pattern) && fits(name, pattern));
}

/**
 * Whether one pattern stands for names that the other stands for as well. A beginning and an end, such as
 * `ci:*` and `*@example.com`, are not held against each other: some name would always fit both.
 */
export function sharesNames(one: string, other: string): boolean {
  const [ofOne, ofOther] = [one.replace('*', ''), other.replace('*', '')];
  return fits(ofOne, other) || fits(ofOther, one);
}

function fits(name: string, pattern: string): boolean {
  if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern;
}
