// Owns who is asking, put together: sign-in, sessions and tokens, with the store and keys beneath them.
import type { Config } from '../config/schema.ts';
import { createLogin, type Login } from '../identity/login/create-login.ts';
import { RequestAuthenticator } from '../identity/request-authenticator.ts';
import { createSessions, type SessionRoom } from '../identity/session/create-sessions.ts';
import { RecordSealer } from '../identity/session/sealed-record.ts';
import type { SessionKeys } from '../identity/session/session-keys.ts';
import { createAssertionSigner } from '../identity/tokens/session-jwt.ts';
import type { Cancel } from '../kernel/clock.ts';
import { ownCookies, type OwnCookies } from '../request/own-cookies.ts';
import { onAnyChange } from './any-change.ts';
import type { CurrentSecrets } from './current-secrets.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { OpenedKeys } from './open-keys.ts';
import { openStorage, readIfNamed, type Storage } from './open-storage.ts';
import { openTokens, type OpenedTokens, type TokenRooms } from './open-tokens.ts';
import { loginOptions, sessionOptions } from './room-options.ts';

export interface OpenedIdentity {
  readonly cookies: OwnCookies;
  readonly sessionKeys: SessionKeys;
  readonly storage: Storage;
  readonly login: Login;
  readonly sessions: SessionRoom;
  readonly tokens: OpenedTokens;
  readonly authenticator: RequestAuthenticator;
  /** Calls the listener whenever a credential may have ended. */
  onChange(listener: () => void): Cancel;
  close(): Promise<void>;
}

export function openIdentity(
  config: Config,
  secrets: CurrentSecrets,
  parts: GatewayParts,
  { keys, cluster }: { readonly keys: OpenedKeys; readonly cluster: TokenRooms['cluster'] },
): OpenedIdentity {
  const cookies = ownCookies(!config.cookies.insecureWithoutSecure);
  const sessionKeys: SessionKeys = {
    cookie: () => keys.ring.cookieKeys(),
    record: () => keys.ring.recordKeys(),
  };
  const signAssertion = createAssertionSigner(config.sessionJwt, { ...parts, keys: keys.ring });
  const storage = openStorage(config, secrets, parts);
  const { store, channel } = storage;
  const login = createLogin(loginOptions(config), {
    ...parts,
    cookies,
    clientSecret: () => secrets.now.oidcClientSecret,
    caPem: () => readIfNamed(config.oidc.caFile),
    sealer: new RecordSealer(sessionKeys.cookie, parts.random),
  });
  const shared = { ...parts, store, channel, keys: sessionKeys, signAssertion };
  const sessions = createSessions(sessionOptions(config), {
    ...shared,
    refreshGrant: login.refresh,
  });
  const tokens = openTokens(config, parts, { ...shared, storage, login, sessions, cluster });
  return {
    ...{ cookies, sessionKeys, storage, login, sessions, tokens },
    authenticator: new RequestAuthenticator({
      sessions: sessions.authenticator,
      tokens: tokens.authenticator,
    }),
    onChange: (listener) => onAnyChange([sessions.sessions, tokens], listener),
    async close() {
      await tokens.close();
      await sessions.close();
      login.close();
      await storage.close();
    },
  };
}
