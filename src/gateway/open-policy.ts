// Owns where policy comes from: the API server or a directory of manifests, by configuration; and the
// index that it fills.
import { openManifestsSource } from '../access/manifests/manifests-source.ts';
import { NewProfiles } from '../access/new-profiles.ts';
import type { PolicySource } from '../access/policy-source.ts';
import {
  createKubernetesSource,
  kubernetesCredentials,
} from '../access/kubernetes/create-kubernetes-source.ts';
import { openCluster } from '../access/kubernetes/cluster.ts';
import { HttpApiClient } from '../access/kubernetes/api-client.ts';
import { NodeApiTransport } from '../access/kubernetes/api-transport.ts';
import { RbacIndex } from '../access/rbac/rbac-index.ts';
import type { ProfileRecord } from '../access/rbac/rbac-records.ts';
import { DecisionReview } from '../access/review/decision-review.ts';
import { subjectAccessReview } from '../access/review/subject-access-review.ts';
import type { Config } from '../config/schema.ts';
import type { Cluster } from '../identity/service-accounts/cluster.ts';
import type { GatewayParts } from './gateway-parts.ts';

export interface OpenedPolicy {
  readonly index: RbacIndex;
  readonly source: PolicySource;
  readonly isNew: (profile: ProfileRecord) => boolean;
  /** Undefined where there is no API server to ask. */
  readonly review: DecisionReview | undefined;
  /** What judges the cluster's tokens; undefined where there is no API server to ask. */
  readonly cluster: Cluster | undefined;
  close(): Promise<void>;
}

/** Begins to load; never waits for the API server. Throws when it cannot be known where that is. */
export async function openPolicy(config: Config, parts: GatewayParts): Promise<OpenedPolicy> {
  const index = new RbacIndex();
  const newProfiles = new NewProfiles(index.sinks.profiles, parts.clock);
  const tools = { ...parts, sinks: { ...index.sinks, profiles: newProfiles } };
  const isNew = (profile: ProfileRecord): boolean => newProfiles.isNew(profile);
  const { manifestsDirectory: directory } = config.rbac;
  if (directory !== undefined) {
    const source = await openManifestsSource({ directory, ...config.files }, tools);
    const none = { review: undefined, cluster: undefined };
    return { index, source, isNew, ...none, close: () => source.close() };
  }
  const address = {
    kubeconfigFile: config.rbac.kubeconfigFile,
    serviceHost: parts.env['KUBERNETES_SERVICE_HOST'],
    servicePort: parts.env['KUBERNETES_SERVICE_PORT'],
  };
  const credentials = kubernetesCredentials(address, parts.clock);
  const source = createKubernetesSource(credentials, config.rbac, tools);
  const opened = openCluster(credentials, { ...parts, accounts: index, policy: source });
  const transport = new NodeApiTransport(credentials, parts.clock);
  const review = new DecisionReview(config.rbac.review, {
    ...parts,
    review: subjectAccessReview(new HttpApiClient(transport, parts.clock)),
    rbac: index,
    policy: source,
  });
  return {
    index,
    source,
    isNew,
    review,
    cluster: opened.cluster,
    async close() {
      review.close();
      opened.close();
      transport.close();
      await source.close();
    },
  };
}
