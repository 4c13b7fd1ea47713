// Owns host patterns: which Host headers a list of names and wildcards means.

/**
 * A test for Host values. `models.example.com` means that host, `*.models.example.com` every host below
 * it. Case, port and a final dot make no difference, as for DNS names (RFC 4343, RFC 3986 section 3.2.2).
 */
export function hostMatcher(patterns: readonly string[]): (host: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.startsWith('*.')));
  const endings = patterns.filter((pattern) => pattern.startsWith('*.')).map((p) => p.slice(1));
  if (patterns.length === 0) return () => false;
  return (host) => {
    const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
    return exact.has(name) || endings.some((ending) => name.endsWith(ending));
  };
}
