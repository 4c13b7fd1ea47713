// Owns whose bearer tokens are taken, put together: issuers, the cluster, and what people make here.
import type { Config } from '../config/schema.ts';
import type { TokenAuthenticator } from '../identity/authentication.ts';
import { createTokenAuthenticator } from '../identity/bearer/token-authenticator.ts';
import type { TokenVerifier } from '../identity/bearer/token-verifier.ts';
import { createIssuerVerifiers } from '../identity/issuers/create-issuer-verifiers.ts';
import type { Login } from '../identity/login/create-login.ts';
import {
  createPersonalTokens,
  type PersonalTokenRoom,
} from '../identity/personal-tokens/create-personal-tokens.ts';
import type { PersonalTokens } from '../identity/personal-tokens/personal-tokens.ts';
import { ServiceAccountVerifier } from '../identity/service-accounts/service-account-verifier.ts';
import type { Cluster } from '../identity/service-accounts/cluster.ts';
import type { SessionRoom } from '../identity/session/create-sessions.ts';
import type { SessionKeys } from '../identity/session/session-keys.ts';
import type { AssertionSigner } from '../identity/tokens/assertion-signer.ts';
import type { Cancel } from '../kernel/clock.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { Storage } from './open-storage.ts';
import { identityHeaderNames } from './room-options.ts';

export interface OpenedTokens {
  readonly authenticator: TokenAuthenticator;
  /** Undefined where people may make none. */
  readonly personal: PersonalTokens | undefined;
  /** Calls the listener whenever a token may have ended. */
  onChange(listener: () => void): Cancel;
  /** Before the sessions, on which personal tokens stand. */
  close(): Promise<void>;
}

export interface TokenRooms {
  readonly storage: Pick<Storage, 'store' | 'channel'>;
  readonly keys: SessionKeys;
  readonly login: Pick<Login, 'keySet'>;
  readonly sessions: SessionRoom;
  readonly signAssertion: AssertionSigner;
  /** Undefined where policy does not come from an API server. */
  readonly cluster: Cluster | undefined;
}

/** Nobody is asked about tokens or keys before the first token comes. */
export function openTokens(config: Config, parts: GatewayParts, rooms: TokenRooms): OpenedTokens {
  const personal = openPersonalTokens(config, parts, rooms);
  const authenticator = createTokenAuthenticator(config.tokens, {
    ...parts,
    verifiers: verifiersOf(config, parts, rooms, personal),
    signAssertion: rooms.signAssertion,
    headerNames: identityHeaderNames(config),
  });
  return {
    authenticator,
    personal: personal?.service,
    onChange: (listener) => personal?.onChange(listener) ?? (() => undefined),
    close: async () => {
      await personal?.close();
    },
  };
}

/** In the order in which they are asked whether a token is theirs: what looks like a service account's is last. */
function verifiersOf(
  config: Config,
  parts: GatewayParts,
  { login, cluster }: TokenRooms,
  personal: PersonalTokenRoom | undefined,
): readonly TokenVerifier[] {
  const { tokens, oidc, claims } = config;
  const { clockToleranceMs, serviceAccounts } = tokens;
  const issuers = createIssuerVerifiers(
    { ...tokens, signIn: { issuer: oidc.issuer, clientId: oidc.clientId, claims } },
    { ...parts, providerKeySet: login.keySet },
  );
  const accounts =
    cluster === undefined || !serviceAccounts.enabled
      ? []
      : [
          new ServiceAccountVerifier(
            { ...serviceAccounts, clockToleranceMs },
            { ...parts, cluster },
          ),
        ];
  return [...(personal === undefined ? [] : [personal.verifier]), ...issuers, ...accounts];
}

function openPersonalTokens(
  { tokens }: Config,
  parts: GatewayParts,
  { storage, keys, sessions }: TokenRooms,
): PersonalTokenRoom | undefined {
  if (!tokens.personal.enabled) return undefined;
  const { claimsRefreshAfterMs, maxClaimsAgeMs, personal } = tokens;
  const { store, channel } = storage;
  return createPersonalTokens(
    { ...personal, claimsRefreshAfterMs, maxClaimsAgeMs },
    { ...parts, store, channel, keys, sessions },
  );
}
