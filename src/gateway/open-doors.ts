// Owns the doors, put together: the public listener and, where Envoy asks, the check listener.
import { createUpstreamTable } from '../access/upstream-table.ts';
import type { Config } from '../config/schema.ts';
import type { AuditRecord } from '../doors/audit.ts';
import { CheckListener } from '../doors/check-listener.ts';
import { PublicListener } from '../doors/public-listener.ts';
import { pooledRandom } from '../kernel/random.ts';
import type { Pages } from '../pages/app.ts';
import type { Hygiene } from '../request/hygiene.ts';
import { onAnyChange } from './any-change.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { OpenedAccess } from './open-access.ts';
import type { OpenedIdentity } from './open-identity.ts';
import { listenerOptions, managedHeaders, readTls, upstreamOptions } from './room-options.ts';

export interface DoorRooms {
  readonly hygiene: Hygiene;
  readonly pages: Pages;
  readonly identity: OpenedIdentity;
  readonly access: OpenedAccess;
}

export interface DoorPorts {
  readonly public: number;
  /** Undefined where Envoy does not ask. */
  readonly check: number | undefined;
}

export interface OpenedDoors {
  /** Takes connections from then on. Rejects when an address cannot be had. */
  listen(): Promise<DoorPorts>;
  /** Throws when a file cannot be read or holds no certificate; the old one then stays in use. */
  renewCertificates(config: Config): void;
  /** Finishes what is under way, and after `drainMs` milliseconds ends the rest. */
  close(drainMs: number): Promise<void>;
}

/** Nothing listens before `listen` is called. */
export function openDoors(config: Config, parts: GatewayParts, rooms: DoorRooms): OpenedDoors {
  const { hygiene, pages, identity, access } = rooms;
  const deps = {
    ...parts,
    random: pooledRandom(parts.random),
    hygiene,
    standIns: pages,
    authenticator: identity.authenticator,
    routes: access.routes,
    rules: access.rules,
    indexAgeMs: () => access.policy.source.ageMs(),
    audit: (record: AuditRecord) => {
      parts.logger.audit({ ...record });
    },
  };
  const publicListener = new PublicListener(listenerOptions(config.listeners.public), {
    ...deps,
    pages,
    upstreams: createUpstreamTable(upstreamOptions(config)),
    onChange: (listener) => onAnyChange([identity, access], listener),
  });
  const checkListener = config.listeners.check.enabled
    ? new CheckListener(
        {
          ...listenerOptions(config.listeners.check),
          ...config.extAuthz,
          managedHeaders: managedHeaders(config),
        },
        { ...deps, isOwnPage: (path) => pages.owns(path) },
      )
    : undefined;
  return {
    async listen() {
      const [publicAddress, checkAddress] = await Promise.all([
        publicListener.listen(),
        checkListener?.listen(),
      ]);
      return { public: publicAddress.port, check: checkAddress?.port };
    },
    renewCertificates({ listeners }) {
      const tls = readTls(listeners.public.tls);
      if (tls !== undefined) publicListener.useCertificate(tls);
      const checkTls = readTls(listeners.check.tls);
      if (checkTls !== undefined) checkListener?.useCertificate(checkTls);
    },
    async close(drainMs) {
      await Promise.all([publicListener.close(drainMs), checkListener?.close(drainMs)]);
    },
  };
}
