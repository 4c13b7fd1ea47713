// Owns header values that are lists of tokens, such as Connection and Upgrade (RFC 9110 section 5.6.1).

/** The tokens of a list in lower case; empty elements are left out. */
export function tokensOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}
