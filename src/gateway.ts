// Owns the composition: a configuration in, running listeners out; every part is handed in here.
import { createUpstreamTable } from './access/upstream-table.ts';
import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import { PublicListener } from './doors/public-listener.ts';
import { CurrentSecrets } from './gateway/current-secrets.ts';
import type { GatewayParts } from './gateway/gateway-parts.ts';
import { openAccess, type OpenedAccess } from './gateway/open-access.ts';
import { openExplain } from './gateway/open-explain.ts';
import { openKeys, type OpenedKeys } from './gateway/open-keys.ts';
import { openStorage, readIfNamed, type Storage } from './gateway/open-storage.ts';
import {
  hygieneOptions,
  listenerOptions,
  loginOptions,
  readTls,
  sessionOptions,
  upstreamOptions,
} from './gateway/room-options.ts';
import type { TokenAuthenticator } from './identity/authentication.ts';
import { createLogin, type Login } from './identity/login/create-login.ts';
import { GrantRecords } from './identity/oauth/grant-records.ts';
import { createSessions, type SessionRoom } from './identity/session/create-sessions.ts';
import { RequestAuthenticator } from './identity/request-authenticator.ts';
import { RecordSealer } from './identity/session/sealed-record.ts';
import type { SessionKeys } from './identity/session/session-keys.ts';
import { keySetJson } from './identity/tokens/jwks.ts';
import { createAssertionSigner } from './identity/tokens/session-jwt.ts';
import { pooledRandom } from './kernel/random.ts';
import { openAdminListener, type AdminListener, type Readiness } from './observe/admin-listener.ts';
import { watchDependencies, type DependencyHealth } from './observe/dependency-health.ts';
import { openLocalListener, type LocalSources } from './observe/local-listener.ts';
import type { PrometheusMetrics } from './observe/prometheus-metrics.ts';
import { createPages, type Pages } from './pages/app.ts';
import { BrowserSessions } from './pages/browser-sessions.ts';
import { compileHygiene, type Hygiene } from './request/hygiene.ts';
import { ownCookies, type OwnCookies } from './request/own-cookies.ts';

export interface Gateway {
  /** Ports that the listeners have; of use where the configuration says 0. */
  readonly ports: { readonly public: number; readonly admin: number; readonly local: number };
  /** Takes what may change while running: secrets, keys, TLS files and the log level. */
  reload(config: Config, secrets: Secrets): Promise<void>;
  /** Becomes unready, finishes what is under way within the configured time, and lets go of everything. */
  stop(): Promise<void>;
}

interface Rooms {
  readonly keys: OpenedKeys;
  readonly storage: Storage;
  readonly login: Login;
  readonly sessions: SessionRoom;
  readonly access: OpenedAccess;
  readonly listener: PublicListener;
  readonly explain: LocalSources['explain'];
}

/** Starts a gateway; resolves when both listeners take connections. Rejects when it cannot start. */
export async function createGateway(
  config: Config,
  secrets: Secrets,
  given: Omit<GatewayParts, 'metrics'> & { readonly metrics: PrometheusMetrics },
): Promise<Gateway> {
  const health = watchDependencies(given.metrics);
  const parts: GatewayParts = { ...given, metrics: health.metrics };
  const current = new CurrentSecrets(secrets);
  const rooms = await furnish(config, current, parts);
  const state = { isReady: false };
  const admin = await openAdminListener(
    { ...config.listeners.admin, tls: readTls(config.listeners.admin.tls) },
    {
      readiness: () => readinessOf(state.isReady, health, rooms.access),
      metrics: () => given.metrics.expose(),
    },
  );
  const local = await openLocalListener(config.listeners.local, {
    explain: rooms.explain,
    logger: parts.logger,
  });
  const address = await rooms.listener.listen();
  state.isReady = true;
  return {
    ports: { public: address.port, admin: admin.port, local: local.port },
    async reload(next, nextSecrets) {
      current.replace(nextSecrets);
      parts.logger.setLevel(next.logging.level);
      renewCertificates(next, rooms.listener, admin);
      await rooms.keys.reload();
      rooms.access.reload();
    },
    async stop() {
      state.isReady = false;
      await rooms.listener.close(config.shutdown.drainMs);
      await letGo(rooms);
      await Promise.all([admin.close(), local.close()]);
    },
  };
}

/**
 * Unready until policy was loaded once: questions would be answered 503. A replica that has it stays
 * ready while the API server is silent, for then all replicas are in the same state.
 */
function readinessOf(
  isListening: boolean,
  health: DependencyHealth,
  { policy }: OpenedAccess,
): Readiness {
  const state = policy.source.state();
  const problem = 'problem' in state ? { rbac_problem: state.problem } : {};
  return {
    ready: isListening && state.kind !== 'loading',
    parts: { ...health.parts(), rbac: state.kind, ...problem },
  };
}

async function furnish(
  config: Config,
  current: CurrentSecrets,
  parts: GatewayParts,
): Promise<Rooms> {
  const cookies = ownCookies(!config.cookies.insecureWithoutSecure);
  const access = await openAccess(config, parts);
  const keys = await openKeys(config, parts);
  const sessionKeys: SessionKeys = {
    cookie: () => keys.ring.cookieKeys(),
    record: () => keys.ring.recordKeys(),
  };
  const storage = openStorage(config, current, parts);
  const login = createLogin(loginOptions(config), {
    ...parts,
    cookies,
    clientSecret: () => current.now.oidcClientSecret,
    caPem: () => readIfNamed(config.oidc.caFile),
    sealer: new RecordSealer(sessionKeys.cookie, parts.random),
  });
  const sessions = createSessions(sessionOptions(config), {
    ...parts,
    store: storage.store,
    channel: storage.channel,
    keys: sessionKeys,
    signAssertion: createAssertionSigner(config.sessionJwt, { ...parts, keys: keys.ring }),
    refreshGrant: login.refresh,
  });
  const hygiene = compileHygiene(hygieneOptions(config, cookies));
  const pages = openPages(config, parts, {
    ...{ cookies, sessionKeys, keys, storage },
    ...{ login, sessions, access },
  });
  const listener = openListener(config, parts, { hygiene, pages, sessions, access });
  const explain = openExplain(config, access, hygiene, parts);
  return { keys, storage, login, sessions, access, listener, explain };
}

interface PageParts {
  readonly cookies: OwnCookies;
  readonly sessionKeys: SessionKeys;
  readonly keys: OpenedKeys;
  readonly storage: Storage;
  readonly login: Login;
  readonly sessions: SessionRoom;
  readonly access: OpenedAccess;
}

function openPages(config: Config, parts: GatewayParts, rooms: PageParts): Pages {
  const { cookies, sessionKeys, keys, storage, login, sessions, access } = rooms;
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
      tokens: undefined,
      grantRecords: new GrantRecords(
        storage.store,
        new RecordSealer(sessionKeys.record, parts.random),
      ),
      tokenAuthenticator: noTokens,
      sealer: new RecordSealer(sessionKeys.cookie, parts.random),
    },
  );
}

const noTokens: TokenAuthenticator = {
  authenticate: () => ({ kind: 'rejected', reason: 'invalid_token' }),
  recheck: () => ({ kind: 'rejected', reason: 'invalid_token' }),
};

interface ListenerParts {
  readonly hygiene: Hygiene;
  readonly pages: Pages;
  readonly sessions: SessionRoom;
  readonly access: OpenedAccess;
}

function openListener(
  config: Config,
  parts: GatewayParts,
  { hygiene, pages, sessions, access }: ListenerParts,
): PublicListener {
  return new PublicListener(listenerOptions(config), {
    ...parts,
    random: pooledRandom(parts.random),
    hygiene,
    pages,
    standIns: pages,
    upstreams: createUpstreamTable(upstreamOptions(config)),
    authenticator: new RequestAuthenticator({ sessions: sessions.authenticator, tokens: noTokens }),
    routes: access.routes,
    rules: access.rules,
    indexAgeMs: () => access.policy.source.ageMs(),
    onChange: (listener) => {
      const cancels = [sessions.sessions.onChange(listener), access.onChange(listener)];
      return () => {
        for (const cancel of cancels) cancel();
      };
    },
    audit: (record) => {
      parts.logger.audit({ ...record });
    },
  });
}

/** Throws when a file cannot be read or holds no certificate; the old one then stays in use. */
function renewCertificates(config: Config, listener: PublicListener, admin: AdminListener): void {
  const tls = readTls(config.listeners.public.tls);
  if (tls !== undefined) listener.useCertificate(tls);
  const adminTls = readTls(config.listeners.admin.tls);
  if (adminTls !== undefined) admin.useCertificate(adminTls);
}

async function letGo(rooms: Rooms): Promise<void> {
  await rooms.sessions.close();
  rooms.login.close();
  await rooms.storage.close();
  rooms.keys.close();
  await rooms.access.close();
}
