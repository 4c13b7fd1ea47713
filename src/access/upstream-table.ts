// Owns the table of applications behind the gateway: which one a target belongs to, and what its
// route asks of the caller.
import type { Target } from '../request/target.ts';
import type { Route } from './route.ts';

export interface UpstreamOptions {
  /** Leading path segments, such as `/` or `/notebook/`; the last slash makes no difference. */
  readonly prefix: string;
  /** Scheme, host and port; the path of a request is never changed. */
  readonly url: string;
  readonly access: 'authenticated' | 'public';
  /** A program's application: nobody is redirected from there to a login. */
  readonly neverRedirect?: boolean;
  /** Sends the session JWT in `x-kfgw-assertion`. */
  readonly sendAssertion?: boolean;
  /** Passes the caller's Authorization header on. */
  readonly passAuthorization?: boolean;
  /** Passes the gateway's own cookies on. */
  readonly passOwnCookies?: boolean;
  /** Milliseconds that a connection may take. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without progress before the first byte of the answer. */
  readonly responseTimeoutMs: number;
  readonly tls?: UpstreamTls;
}

export interface UpstreamTls {
  /** PEM of the authorities, instead of the public ones. */
  readonly ca?: string | undefined;
  /** Name to expect in the certificate, instead of the host. */
  readonly serverName?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
}

export interface Upstream {
  /** The prefix without its last slash: stable, for logs; `/` for the root. */
  readonly id: string;
  readonly segments: readonly string[];
  readonly url: URL;
  readonly sendAssertion: boolean;
  readonly passAuthorization: boolean;
  readonly passOwnCookies: boolean;
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly tls: UpstreamTls;
}

/** Where a target goes, and what is asked of the caller on the way. */
export interface MatchedUpstream {
  readonly upstream: Upstream;
  readonly route: Route;
}

export interface UpstreamTable {
  readonly upstreams: readonly Upstream[];
  /** The application of the longest matching prefix; undefined when none matches. */
  match(target: Target): MatchedUpstream | undefined;
}

interface Entry {
  readonly segments: readonly string[];
  readonly found: MatchedUpstream;
  /** The same application with the route of one that is not public. */
  readonly guarded: MatchedUpstream;
}

/**
 * Compiles the table. Prefixes match whole segments of the path as received. Where the decoded path
 * would belong to another application, the stricter of the two routes holds: a public route needs
 * both forms (CVE-2026-33494, CVE-2026-16117: judged on one form, served by the other).
 * Throws a RangeError for two entries with the same prefix or a URL with more than an origin.
 */
export function createUpstreamTable(options: readonly UpstreamOptions[]): UpstreamTable {
  const entries = options.map(compileEntry).sort((a, b) => b.segments.length - a.segments.length);
  const ids = new Set(entries.map((entry) => entry.found.upstream.id));
  if (ids.size !== entries.length) throw new RangeError('two upstreams have the same prefix');
  return {
    upstreams: entries.map((entry) => entry.found.upstream),
    match(target) {
      const raw = longest(entries, target.segments);
      if (raw?.found.route.access !== 'public') return raw?.found;
      const decoded = target.path.includes('%') ? longest(entries, target.decodedSegments) : raw;
      return decoded?.found.route.access === 'public' ? raw.found : raw.guarded;
    },
  };
}

function longest(entries: readonly Entry[], path: readonly string[]): Entry | undefined {
  return entries.find(({ segments }) => segments.every((segment, at) => segment === path[at]));
}

function compileEntry(options: UpstreamOptions): Entry {
  const segments = options.prefix.split('/').filter((segment) => segment !== '');
  const url = new URL(options.url);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new RangeError(`the URL of upstream ${options.prefix} has more than an origin`);
  }
  const id = `/${segments.join('/')}`;
  const route: Route = {
    id,
    access: options.access,
    neverRedirect: options.neverRedirect ?? false,
  };
  const upstream: Upstream = {
    id,
    segments,
    url,
    sendAssertion: options.sendAssertion ?? false,
    passAuthorization: options.passAuthorization ?? false,
    passOwnCookies: options.passOwnCookies ?? false,
    connectTimeoutMs: options.connectTimeoutMs,
    responseTimeoutMs: options.responseTimeoutMs,
    tls: options.tls ?? {},
  };
  return {
    segments,
    found: { upstream, route },
    guarded: { upstream, route: { ...route, access: 'authenticated' } },
  };
}
