// Owns who may do what, put together: policy and its index, the route catalogue, the authorizer.
import { IndexAuthorizer } from '../access/authorizer.ts';
import { catalogueOptions } from '../access/catalogue/configured-catalogue.ts';
import { WatchedCatalogue } from '../access/catalogue/watched-catalogue.ts';
import { createNamespacesOf, type NamespacesOf } from '../access/namespaces-of.ts';
import type { Config } from '../config/schema.ts';
import type { AccessRules } from '../decide.ts';
import type { Cancel } from '../kernel/clock.ts';
import { onAnyChange } from './any-change.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { openPolicy, type OpenedPolicy } from './open-policy.ts';

export interface OpenedAccess {
  readonly policy: OpenedPolicy;
  readonly routes: WatchedCatalogue;
  readonly rules: AccessRules;
  readonly namespacesOf: NamespacesOf;
  /** Calls the listener whenever roles, bindings or routes have changed an answer. */
  onChange(listener: () => void): Cancel;
  /** Looks at the catalogue's files now. */
  reload(): void;
  close(): Promise<void>;
}

/** Rejects when the catalogue cannot be used, or when it cannot be known where the API server is. */
export async function openAccess(config: Config, parts: GatewayParts): Promise<OpenedAccess> {
  const { pollEveryMs } = config.files;
  const routes = new WatchedCatalogue({ ...catalogueOptions(config), pollEveryMs }, parts);
  const policy = await openPolicy(config, parts);
  const { index, source, review } = policy;
  const authorizer = new IndexAuthorizer({
    rbac: index,
    policy: source,
    isNew: policy.isNew,
    note: (subjects, question, isAllowed) => review?.note(subjects, question, isAllowed),
  });
  const { mode, uninspected } = config.access;
  return {
    policy,
    routes,
    rules: { authorizer, mode, uninspected },
    namespacesOf: createNamespacesOf(index, source),
    onChange: (listener) => onAnyChange([index, routes], listener),
    reload: () => {
      routes.reload();
    },
    async close() {
      routes.close();
      await policy.close();
    },
  };
}
