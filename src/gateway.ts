// Owns the composition: a configuration in, running listeners out; every part is handed in here.
import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import { CurrentSecrets } from './gateway/current-secrets.ts';
import type { GatewayParts } from './gateway/gateway-parts.ts';
import { openAccess, type OpenedAccess } from './gateway/open-access.ts';
import { openDoors, type DoorPorts, type OpenedDoors } from './gateway/open-doors.ts';
import { openExplain } from './gateway/open-explain.ts';
import { openIdentity, type OpenedIdentity } from './gateway/open-identity.ts';
import { openKeys, type OpenedKeys } from './gateway/open-keys.ts';
import { openPages } from './gateway/open-pages.ts';
import { hygieneOptions, readTls } from './gateway/room-options.ts';
import { openAdminListener, type Readiness } from './observe/admin-listener.ts';
import { watchDependencies, type DependencyHealth } from './observe/dependency-health.ts';
import { openLocalListener, type LocalSources } from './observe/local-listener.ts';
import type { PrometheusMetrics } from './observe/prometheus-metrics.ts';
import { compileHygiene } from './request/hygiene.ts';

export interface Gateway {
  /** Ports that the listeners have; of use where the configuration says 0. */
  readonly ports: DoorPorts & { readonly admin: number; readonly local: number };
  /** Takes what may change while running: secrets, keys, TLS files and the log level. */
  reload(config: Config, secrets: Secrets): Promise<void>;
  /** Becomes unready, finishes what is under way within the configured time, and lets go of everything. */
  stop(): Promise<void>;
}

interface Rooms {
  readonly keys: OpenedKeys;
  readonly identity: OpenedIdentity;
  readonly access: OpenedAccess;
  readonly doors: OpenedDoors;
  readonly explain: LocalSources['explain'];
}

/** Starts a gateway; resolves when all listeners take connections. Rejects when it cannot start. */
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
  const doorPorts = await rooms.doors.listen();
  state.isReady = true;
  return {
    ports: { ...doorPorts, admin: admin.port, local: local.port },
    async reload(next, nextSecrets) {
      current.replace(nextSecrets);
      parts.logger.setLevel(next.logging.level);
      rooms.doors.renewCertificates(next);
      const adminTls = readTls(next.listeners.admin.tls);
      if (adminTls !== undefined) admin.useCertificate(adminTls);
      await rooms.keys.reload();
      rooms.access.reload();
    },
    async stop() {
      state.isReady = false;
      await rooms.doors.close(config.shutdown.drainMs);
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
  secrets: CurrentSecrets,
  parts: GatewayParts,
): Promise<Rooms> {
  const access = await openAccess(config, parts);
  const keys = await openKeys(config, parts);
  const { cluster } = access.policy;
  const identity = openIdentity(config, secrets, parts, { keys, cluster });
  const hygiene = compileHygiene(hygieneOptions(config, identity.cookies));
  const pages = openPages(config, parts, { keys, identity, access });
  const doors = openDoors(config, parts, { hygiene, pages, identity, access });
  const explain = openExplain(config, access, hygiene, parts);
  return { keys, identity, access, doors, explain };
}

async function letGo(rooms: Rooms): Promise<void> {
  await rooms.identity.close();
  rooms.keys.close();
  await rooms.access.close();
}
