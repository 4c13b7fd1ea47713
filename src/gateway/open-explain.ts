// Owns the answers of the local listener's /explain: by what is in force at this moment.
import { explainQuery } from '../access/explain/explain-asked.ts';
import type { Config } from '../config/schema.ts';
import type { LocalSources } from '../observe/local-listener.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { OpenedAccess } from './open-access.ts';

export function openExplain(
  config: Config,
  { routes, policy }: OpenedAccess,
  hygiene: Hygiene,
  { random }: GatewayParts,
): LocalSources['explain'] {
  const [origin] = config.publicOrigins;
  const parts = {
    matcher: routes,
    rbac: policy.index,
    policy: policy.source,
    mode: config.access.mode,
    host: origin === undefined ? 'localhost' : new URL(origin).host,
    hygiene,
    random,
  };
  return (query) => explainQuery(query, parts);
}
