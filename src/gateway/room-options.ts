// Owns the slices of the configuration: each room's own options, by the room's names.
import type { UpstreamOptions } from '../access/upstream-table.ts';
import type { Config } from '../config/schema.ts';
import type { ListeningServerOptions } from '../doors/listening-server.ts';
import type { LoginOptions } from '../identity/login/login-options.ts';
import type { IdentityHeaderNames } from '../identity/identity-headers.ts';
import type { SessionOptions } from '../identity/session/session-options.ts';
import type { HygieneOptions } from '../request/hygiene.ts';
import type { OwnCookies } from '../request/own-cookies.ts';
import { readIfNamed } from './open-storage.ts';

export function hygieneOptions(config: Config, cookies: OwnCookies): HygieneOptions {
  return {
    ownCookies: cookies,
    publicOrigins: config.publicOrigins,
    managedHeaders: managedHeaders(config),
    trustedProxies: config.trustedProxies,
    limits: config.limits,
  };
}

/** As configured; those that are always managed are request hygiene's. */
export function managedHeaders({ identityHeaders }: Config): readonly string[] {
  return [identityHeaders.userId, identityHeaders.groups, ...identityHeaders.managed];
}

export function loginOptions(config: Config): LoginOptions {
  return { ...config.oidc, claims: config.claims };
}

export function sessionOptions(config: Config): SessionOptions {
  const { idleMs, absoluteMs, outageBoundMs, cacheEntries } = config.session;
  return {
    ...{ idleMs, absoluteMs, outageBoundMs, cacheEntries },
    claimsRefreshAfterMs: config.claims.refreshAfterMs,
    claimsMaxAgeMs: config.claims.maxAgeMs,
    ...identityHeaderNames(config),
  };
}

export function identityHeaderNames({ identityHeaders }: Config): IdentityHeaderNames {
  return { userIdHeader: identityHeaders.userId, groupsHeader: identityHeaders.groups };
}

export function listenerOptions(
  listener: Config['listeners']['public'] | Config['listeners']['check'],
): ListeningServerOptions {
  return { ...listener, tls: readTls(listener.tls) };
}

/** Certificate and key as the files hold them now. */
export function readTls(
  tls: Config['listeners']['public']['tls'],
): { readonly cert: string; readonly key: string } | undefined {
  if (tls === undefined) return undefined;
  return { cert: readIfNamed(tls.certFile) ?? '', key: readIfNamed(tls.keyFile) ?? '' };
}

export function upstreamOptions(config: Config): UpstreamOptions[] {
  return config.upstreams.map(({ tls, ...upstream }) => ({
    ...upstream,
    tls: {
      ca: readIfNamed(tls.caFile),
      serverName: tls.serverName,
      insecureSkipTlsVerify: tls.insecureSkipTlsVerify,
    },
  }));
}
