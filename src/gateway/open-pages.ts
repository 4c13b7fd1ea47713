// Owns the gateway's own pages, put together.
import type { Config } from '../config/schema.ts';
import { GrantRecords } from '../identity/oauth/grant-records.ts';
import { RecordSealer } from '../identity/session/sealed-record.ts';
import { keySetJson } from '../identity/tokens/jwks.ts';
import { createPages, type Pages } from '../pages/app.ts';
import { BrowserSessions } from '../pages/browser-sessions.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { OpenedAccess } from './open-access.ts';
import type { OpenedIdentity } from './open-identity.ts';
import type { OpenedKeys } from './open-keys.ts';

export interface PageRooms {
  readonly keys: OpenedKeys;
  readonly identity: OpenedIdentity;
  readonly access: OpenedAccess;
}

export function openPages(
  config: Config,
  parts: GatewayParts,
  { keys, identity, access }: PageRooms,
): Pages {
  const { cookies, sessionKeys, storage, login, sessions, tokens } = identity;
  const browserSessions = new BrowserSessions({
    ...parts,
    expressStore: sessions.expressStore,
    sessions: sessions.sessions,
    keys: sessionKeys,
    cookies,
    absoluteMs: config.session.absoluteMs,
  });
  return createPages(
    { ...config.limits, ...config.oidc, publicOrigins: config.publicOrigins },
    {
      ...parts,
      login: login.flow,
      sessions: sessions.sessions,
      authenticator: sessions.authenticator,
      browserSessions,
      jwks: () => ({ body: keySetJson(keys.ring) }),
      namespacesOf: access.namespacesOf,
      tokens: tokens.personal,
      requestAuthenticator: identity.authenticator,
      grantRecords: new GrantRecords(
        storage.store,
        new RecordSealer(sessionKeys.record, parts.random),
      ),
      sealer: new RecordSealer(sessionKeys.cookie, parts.random),
    },
  );
}
