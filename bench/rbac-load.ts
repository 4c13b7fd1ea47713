// Measures loading many RoleBindings from a real API server as the gateway does: the time, the longest turn of the
// event loop, the memory. Each load is a process of its own.
//   node bench/rbac-load.ts [bindings] [loads]
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { NODE_FLAGS } from '../test/fixtures/image.ts';
import { bindingOf } from '../test/fixtures/gated-cluster.ts';
import { readKubeflowPolicy } from '../test/fixtures/kubeflow-policy/kubeflow-policy.ts';
import { startKubeApiServer } from '../test/neighbours/kube-api-server.ts';
import { KubeClient } from '../test/neighbours/kube-client.ts';

const PER_NAMESPACE = 5;
const CONNECTIONS = 32;
const bindings = Number(process.argv[2] ?? 50_000);
const loads = Number(process.argv[3] ?? 5);

// Ten thousand namespaces only make the preparation longer.
const args = ['--disable-admission-plugins=NamespaceLifecycle'];
await using server = await startKubeApiServer({ args });
for (const object of [
  ...readKubeflowPolicy('profile-crd.yaml'),
  ...readKubeflowPolicy('stored-cluster-roles.yaml'),
]) {
  await server.client.create(object);
}
const startedAt = performance.now();
await bindAll(new KubeClient(server.access(), CONNECTIONS));
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}`);
console.log(`${bindings} RoleBindings were made within ${seconds} s`);
const program = new URL('rbac-load-once.ts', import.meta.url).pathname;
for (let load = 0; load < loads; load += 1) {
  const flags = [...NODE_FLAGS, '--expose-gc', program, server.kubeconfig(), String(bindings)];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  process.stdout.write(stdout);
}

/** As KFAM writes them, one owner and four contributors to a namespace. */
async function bindAll(client: KubeClient): Promise<void> {
  let next = 0;
  const bindOn = async (): Promise<void> => {
    for (let at = next++; at < bindings; at = next++) {
      const namespace = `team-${Math.floor(at / PER_NAMESPACE)}`;
      const role = at % PER_NAMESPACE === 0 ? 'admin' : 'edit';
      const user = `user-${(at * 7_919) % bindings}@example.com`;
      const binding = bindingOf(user, namespace, `kubeflow-${role}`);
      const metadata = { ...binding.metadata, annotations: { user, role } };
      await client.create({ ...binding, metadata });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, bindOn));
  client.close();
}
