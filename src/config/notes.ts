// Owns what a correct configuration means that its writer may not expect.
import { MINUTE_MS } from '../kernel/duration.ts';
import { sharesNames } from '../kernel/name-pattern.ts';
import type { Config } from './schema.ts';

/** Sentences for check-config; none of them is a fault. */
export function notesOf(config: Config): string[] {
  return [
    ...addressNotes(config),
    ...sessionNotes(config),
    ...tokenNotes(config),
    ...upstreamNotes(config),
    ...accessNotes(config),
  ];
}

function noteIf(condition: boolean, note: string): string[] {
  return condition ? [note] : [];
}

function addressNotes({ publicOrigins, trustedProxies, cookies }: Config): string[] {
  return [
    ...noteIf(
      publicOrigins.length === 0,
      "publicOrigins is empty: every Host is ours, and Origin is compared with the request's own Host.",
    ),
    ...noteIf(
      publicOrigins.length === 0 && !cookies.insecureWithoutSecure,
      'Cookies are set with Secure: sign-in works over https only (and on localhost in some browsers).',
    ),
    ...noteIf(
      trustedProxies.length === 0,
      'trustedProxies is empty: X-Forwarded-For is not believed, so the proxy in front counts as the client in logs and per-client limits.',
    ),
  ];
}

function sessionNotes({ session, keys, oidc, sessionJwt }: Config): string[] {
  return [
    ...noteIf(
      session.store === 'memory',
      'Sessions are kept in memory: run one replica only; a restart signs everybody out.',
    ),
    ...noteIf(
      keys.directory === undefined,
      'Keys are made in memory at each start: session JWTs of before a restart cannot be verified after it.',
    ),
    ...noteIf(
      !oidc.scopes.includes('offline_access'),
      'oidc.scopes lacks offline_access: without a refresh token, sessions end at claims.maxAge.',
    ),
    ...noteIf(
      sessionJwt.publishDelayMs < 20 * MINUTE_MS,
      'sessionJwt.publishDelay is shorter than the 20m for which istiod keeps key sets: a new key may sign before Istio knows it.',
    ),
  ];
}

function tokenNotes({ tokens, session, rbac, oidc }: Config): string[] {
  const { provider, serviceAccounts, personal } = tokens;
  return [
    ...noteIf(
      serviceAccounts.enabled && rbac.source === 'manifests',
      'Service-account tokens are not taken: rbac.source is manifests, and there is no API server to ask about them.',
    ),
    ...noteIf(
      personal.enabled && session.store === 'memory',
      'Personal tokens and command-line logins are kept in memory: a restart ends them all.',
    ),
    ...noteIf(
      personal.enabled && !oidc.scopes.includes('offline_access'),
      'oidc.scopes lacks offline_access: without a refresh token, personal tokens stop when their owner has not signed in for tokens.maxClaimsAge.',
    ),
    ...noteIf(
      provider.enabled && provider.audiences.length > 0,
      `Tokens that the provider makes for ${provider.audiences.join(', ')} are taken: whoever holds one acts as its user at every application.`,
    ),
    ...sharedUserNotes(tokens.issuers),
  ];
}

function sharedUserNotes(issuers: Config['tokens']['issuers']): string[] {
  return issuers.flatMap(({ users }, index) =>
    issuers.slice(0, index).flatMap((earlier, at) => {
      const shared = users.filter((user) => earlier.users.some((one) => sharesNames(user, one)));
      const both = `tokens.issuers[${at}] and tokens.issuers[${index}]`;
      return noteIf(
        shared.length > 0,
        `${both} may both name users that fit ${shared.join(', ')}: each can act as the other's people.`,
      );
    }),
  );
}

function upstreamNotes({ upstreams }: Config): string[] {
  return [
    ...noteIf(
      upstreams.length === 0,
      'upstreams is empty: only the pages of the gateway are served, and every other path is 404.',
    ),
    ...upstreams.flatMap(({ prefix, access, passAuthorization, passOwnCookies }) => [
      ...noteIf(access === 'public', `${prefix} is public: anybody may call it.`),
      ...noteIf(passAuthorization, `${prefix} receives the caller's Authorization header.`),
      ...noteIf(passOwnCookies, `${prefix} receives the session cookie and can act as the person.`),
    ]),
  ];
}

function accessNotes({ rbac }: Config): string[] {
  return [
    ...noteIf(
      rbac.source === 'manifests',
      'Who may do what is read from manifests in rbac.manifestsDirectory, not from the cluster.',
    ),
    ...noteIf(
      rbac.degradedForMs === 0,
      'rbac.degradedFor is 0s: namespaces are closed as soon as the API server has not been heard for rbac.staleAfter.',
    ),
  ];
}
