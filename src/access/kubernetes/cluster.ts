// Owns what service-account tokens are judged by: the API server's keys, reviews and accounts.
import type { JSONWebKeySet } from 'jose';
import type { Cluster } from '../../identity/service-accounts/cluster.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { fieldsOf, isFields } from '../../kernel/fields.ts';
import type { PolicySource, PolicyState } from '../policy-source.ts';
import type { RbacReader } from '../rbac/rbac-reader.ts';
import { HttpApiClient, type ApiClient, type ApiOutcome } from './api-client.ts';
import type { ApiCredentials } from './api-credentials.ts';
import { NodeApiTransport } from './api-transport.ts';
import { askTwice } from './second-try.ts';
import { tokenReview } from './token-review.ts';

const KEY_SET = '/openid/v1/jwks';
/** The only type that this path has (RFC 7517 section 8.5); a proxy in between may know JSON alone. */
const KEY_SET_TYPES = 'application/jwk-set+json, application/json';
const DISCOVERY = '/.well-known/openid-configuration';
/** Less than a review may take: both together must be over within what a verdict may take. */
const WITHIN_MS = 1.5 * SECOND_MS;
const NOT_FOUND = 404;
/** However many pods come at once: what the API server must do for us at the same time is bounded. */
const MOST_CONNECTIONS = 16;

/** The API server did not answer, or with something else than was asked for. */
class ClusterSilent extends Error {
  override readonly name = 'ClusterSilent';
}

export interface ClusterDeps {
  /** The index that follows this API server. */
  readonly accounts: Pick<RbacReader, 'serviceAccount'>;
  /** How far that index can be believed. */
  readonly policy: Pick<PolicySource, 'state'>;
  readonly clock: Clock;
}

export interface OpenedCluster {
  readonly cluster: Cluster;
  close(): void;
}

/** Asks nothing yet. Needs `create tokenreviews.authentication.k8s.io` and `get` on the two OpenID URLs. */
export function openCluster(credentials: ApiCredentials, deps: ClusterDeps): OpenedCluster {
  const transport = new NodeApiTransport(credentials, deps.clock, MOST_CONNECTIONS);
  return {
    cluster: clusterOf(new HttpApiClient(transport, deps.clock), deps),
    close: () => {
      transport.close();
    },
  };
}

function clusterOf(
  api: Pick<ApiClient, 'getJson' | 'postJson'>,
  { accounts, policy, clock }: ClusterDeps,
): Cluster {
  const read = (path: string, accept?: string) =>
    readFrom((withinMs) => api.getJson(path, withinMs, accept), path, clock);
  return {
    review: tokenReview(api, clock),
    async keySet() {
      const body = await read(KEY_SET, KEY_SET_TYPES);
      if (!isKeySet(body)) throw new ClusterSilent(`${KEY_SET}: no key set`);
      return body;
    },
    async issuer() {
      const { issuer } = fieldsOf(await read(DISCOVERY));
      return typeof issuer === 'string' && issuer !== '' ? issuer : undefined;
    },
    serviceAccountUid: (namespace, name) =>
      followsAccounts(policy.state()) ? accounts.serviceAccount(namespace, name) : 'unknown',
    async storedServiceAccountUid(namespace, name) {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}`;
      const { uid } = fieldsOf(fieldsOf(await read(path))['metadata']);
      return typeof uid === 'string' && uid !== '' ? uid : undefined;
    },
  };
}

/** Undefined where there is nothing at the path. Rejects with ClusterSilent. */
async function readFrom(
  ask: (withinMs: number) => Promise<ApiOutcome>,
  path: string,
  clock: Clock,
): Promise<unknown> {
  const outcome = await askTwice(ask, WITHIN_MS, clock);
  if (outcome.kind === 'ok') return outcome.body;
  if (outcome.kind === 'refused' && outcome.status === NOT_FOUND) return undefined;
  throw new ClusterSilent(`${path}: ${outcome.problem}`);
}

/** Other types may be behind: an account is gone although a role is not known. */
function followsAccounts(state: PolicyState): boolean {
  if (state.kind === 'current') return true;
  return state.kind !== 'loading' && !state.stale.includes('serviceaccounts');
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  const { keys } = fieldsOf(value);
  return Array.isArray(keys) && keys.every(isFields);
}
