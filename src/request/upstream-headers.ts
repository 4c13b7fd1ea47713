// Owns which of a client's headers go upstream, and what the gateway writes about the hop itself.
import { forwardedHeaders } from './client-hop.ts';
import { withoutOwnCookies } from './cookies.ts';
import { SLOTS, type HeaderTraits } from './header-traits.ts';
import type { Hygiene } from './hygiene.ts';
import { forEachHeader } from './raw-headers.ts';
import type { RequestHead } from './request-head.ts';
import { tokensOf } from './token-list.ts';

/** What goes upstream only where configuration names it. */
export interface KeptCredentials {
  readonly authorization: boolean;
  readonly ownCookies: boolean;
}

const nothing: KeptCredentials = { authorization: false, ownCookies: false };

/**
 * The client's headers that go upstream, alternating names and values, spelled as received: without
 * hop-by-hop headers and those that Connection names (RFC 9110 section 7.6.1), managed identity
 * headers, headers that the gateway writes itself, the caller's Authorization and our cookies.
 * Add identity headers to the result: what a client names in Connection then cannot remove them
 * (CVE-2024-45410).
 *
 * Host passes unchanged. The body's framing is exactly one of Content-Length and Transfer-Encoding,
 * as `readRequestHead` made sure. Cookie lines become one (RFC 9113 section 8.2.3), so that every
 * application reads the same cookies.
 */
export function keptHeaders(
  head: RequestHead,
  hygiene: Hygiene,
  credentials: KeptCredentials = nothing,
): string[] {
  const named = connectionTokens(head.rawHeaders, hygiene);
  const kept: string[] = [];
  const cookies: string[] = [];
  forEachHeader(head.rawHeaders, (name, value) => {
    switch (fateOf(name, hygiene, named)) {
      case 'removed':
        return;
      case 'cookie':
        cookies.push(value);
        return;
      case 'authorization':
        if (credentials.authorization) kept.push(name, value);
        return;
      case 'essential':
      case 'passes':
        kept.push(name, value);
    }
  });
  const cookie = cookieHeader(cookies, credentials.ownCookies);
  if (cookie !== undefined) kept.push('Cookie', cookie);
  return kept;
}

function fateOf(
  name: string,
  hygiene: Hygiene,
  named: ReadonlySet<string> | undefined,
): HeaderTraits['upstream'] {
  const { upstream } = hygiene.headers.traitsOf(name);
  const isNamed = named?.has(name.toLowerCase()) === true;
  return isNamed && upstream !== 'essential' ? 'removed' : upstream;
}

/** What the gateway writes about this hop, alternating names and values; the client's are removed. */
export function hopHeaders(head: RequestHead): string[] {
  return [...forwardedHeaders(head.client), 'X-Request-Id', head.id];
}

/** Names, in lower case, that the Connection lines name; undefined when there is no such line. */
function connectionTokens(
  rawHeaders: readonly string[],
  hygiene: Hygiene,
): ReadonlySet<string> | undefined {
  let names: Set<string> | undefined;
  forEachHeader(rawHeaders, (name, value) => {
    if (hygiene.headers.traitsOf(name).slot !== SLOTS.connection) return;
    names ??= new Set();
    for (const token of tokensOf(value)) names.add(token);
  });
  return names;
}

function cookieHeader(lines: readonly string[], withOwn: boolean): string | undefined {
  if (lines.length === 0) return undefined;
  const header = lines.join('; ');
  return withOwn ? header : withoutOwnCookies(header);
}
