// The rights that the shipped manifests give the gateway's service account, at a real API server: enough for all it does.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  createKubernetesSource,
  kubernetesCredentials,
} from '../../src/access/kubernetes/create-kubernetes-source.ts';
import type { PolicySource } from '../../src/access/policy-source.ts';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { silentMetrics, type Metrics } from '../../src/kernel/metrics.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startKubeApiServer, type KubeApiServer } from '../neighbours/kube-api-server.ts';
import type { KubeObject } from '../neighbours/kube-object.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const RBAC = 'rbac.authorization.k8s.io';
const NAMESPACE = 'kubeflow-auth-gateway';
const SERVICE_ACCOUNT = `system:serviceaccount:${NAMESPACE}:kubeflow-auth-gateway`;
const WITHIN = { withinMs: 45_000 };

function shipped(file: string): KubeObject[] {
  const text = readFileSync(join(import.meta.dirname, '../../config', file), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

describeWith(['etcd-3.6.16', 'kube-apiserver-1.36.3'], 'the rights of the gateway', () => {
  let server: KubeApiServer;
  let source: PolicySource;
  let canaryReturns = 0;

  beforeAll(async () => {
    server = await startKubeApiServer({ users: [{ name: SERVICE_ACCOUNT }] });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    await server.client.create(namespace);
    const metrics: Metrics = {
      ...silentMetrics,
      observe(name) {
        if (name === 'kfgw_rbac_canary_seconds') canaryReturns += 1;
      },
    };
    source = createKubernetesSource(
      kubernetesCredentials({ kubeconfigFile: server.kubeconfig(SERVICE_ACCOUNT) }, systemClock),
      {
        ...{ staleAfterMs: 90_000, degradedForMs: 300_000 },
        canary: {
          ...{ enabled: true, namespace: NAMESPACE, name: 'kubeflow-auth-gateway-canary' },
          ...{ everyMs: 1_000, staleAfterMs: 15_000 },
        },
      },
      {
        ...{ clock: systemClock, random: systemRandom, logger: silentLogger, metrics },
        sinks: new RbacIndex().sinks,
      },
    );
  });
  afterAll(async () => {
    await source.close();
    await server.stop();
  });

  it('are named while they are missing', async () => {
    const problem = await pollUntil(
      'every missing right is named',
      () => {
        const state = source.state();
        const told = state.kind === 'loading' ? (state.problem ?? '') : '';
        return told.includes('serviceaccounts') && told.includes('profiles') ? told : undefined;
      },
      WITHIN,
    );
    expect(problem).toContain(`the right to watch roles.${RBAC} in all namespaces is missing`);
  });

  it('are enough to load everything once the shipped ClusterRole is bound', async () => {
    for (const role of shipped('cluster-role.yaml')) await server.client.create(role);
    await server.client.create({
      ...{ apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding' },
      metadata: { name: 'kubeflow-auth-gateway' },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'kubeflow-auth-gateway' },
      subjects: [{ apiGroup: RBAC, kind: 'User', name: SERVICE_ACCOUNT }],
    });
    await pollUntil('the index is current', () => source.state().kind === 'current', WITHIN);
  });

  it('are enough for the canary once its shipped objects are there', async () => {
    expect(canaryReturns).toBe(0);
    for (const object of shipped('canary.yaml')) await server.client.create(object);
    await pollUntil('the canary returns', () => canaryReturns > 0, WITHIN);
  });
});
