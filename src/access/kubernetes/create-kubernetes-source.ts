// Owns putting together what follows an API server: credentials, one reflector per type, freshness.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { Misconfigured } from '../../kernel/misconfigured.ts';
import type { Random } from '../../kernel/random.ts';
import type { PolicySource } from '../policy-source.ts';
import { watchedTypes, type WatchedType } from '../rbac/rbac-records.ts';
import type { RecordSinks } from '../rbac/record-sink.ts';
import { HttpApiClient } from './api-client.ts';
import type { ApiCredentials } from './api-credentials.ts';
import { NodeApiTransport } from './api-transport.ts';
import { Canary, type CanaryOptions } from './canary.ts';
import { inClusterCredentials } from './in-cluster.ts';
import { kubeconfigCredentials } from './kubeconfig.ts';
import { KubernetesSource, type TighterBound } from './kubernetes-source.ts';
import { Reflector } from './reflector.ts';

/** Where an API server sends bookmarks it does so about once a minute; the rest is for one to arrive. */
const BOOKMARK_WITHIN_MS = 75 * SECOND_MS;
/** What asking again may take before the type counts as stale. */
const ASKING_AGAIN_MS = 15 * SECOND_MS;

export interface KubernetesAddress {
  /** The kubeconfig's current context; otherwise the pod's own service account. */
  readonly kubeconfigFile?: string | undefined;
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which Kubernetes sets in every pod. */
  readonly serviceHost?: string | undefined;
  readonly servicePort?: string | undefined;
}

export interface KubernetesSourceOptions {
  readonly staleAfterMs: number;
  readonly degradedForMs: number;
  readonly canary: CanaryOptions & { readonly enabled: boolean };
}

export interface KubernetesTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** There is neither a kubeconfig nor a pod's environment. @internal */
export class NotInCluster extends Misconfigured {
  override readonly name = 'NotInCluster';
}

/** Throws KubeconfigProblem or NotInCluster; asks nothing of the API server yet. */
export function kubernetesCredentials(address: KubernetesAddress, clock: Clock): ApiCredentials {
  const { kubeconfigFile, serviceHost, servicePort } = address;
  if (kubeconfigFile !== undefined) return kubeconfigCredentials(kubeconfigFile, clock);
  if (serviceHost === undefined || servicePort === undefined) {
    throw new NotInCluster(
      'neither rbac.kubeconfigFile nor KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are set',
    );
  }
  return inClusterCredentials({ host: serviceHost, port: servicePort }, clock);
}

/** Begins to fill the sinks at once, and keeps at it until closed. */
export function createKubernetesSource(
  credentials: ApiCredentials,
  options: KubernetesSourceOptions,
  tools: KubernetesTools & { readonly sinks: RecordSinks },
): PolicySource {
  const { staleAfterMs, degradedForMs } = options;
  const quietAfterMs = Math.min(BOOKMARK_WITHIN_MS, staleAfterMs - ASKING_AGAIN_MS);
  const reflect = <T extends WatchedType>(type: T, onVersion: (version: string) => void) =>
    new Reflector({
      ...tools,
      type,
      quietAfterMs,
      onVersion,
      sink: tools.sinks[type],
      transport: new NodeApiTransport(credentials, tools.clock),
    });
  const api = new HttpApiClient(new NodeApiTransport(credentials, tools.clock), tools.clock);
  const canary = options.canary.enabled
    ? new Canary({ ...tools, api, options: options.canary, onDoubt: () => bindings.reopen() })
    : undefined;
  const bindings = reflect('rolebindings', (version) => canary?.seen(version));
  const others = watchedTypes
    .filter((type) => type !== 'rolebindings')
    .map((type) => reflect(type, () => undefined));
  return new KubernetesSource({
    ...tools,
    staleAfterMs,
    degradedForMs,
    types: [bindings, ...others],
    bounds: canary === undefined ? [] : [boundBy(canary, options.canary)],
    onClose: () => {
      canary?.close();
      api.close();
    },
  });
}

function boundBy(proof: Canary, { staleAfterMs }: CanaryOptions): TighterBound {
  return { type: 'rolebindings', staleAfterMs, proof };
}
