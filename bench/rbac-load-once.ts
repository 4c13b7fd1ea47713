// Loads all of RBAC from an API server once, and tells what that took.
//   node --expose-gc bench/rbac-load-once.ts KUBECONFIG BINDINGS
import { NodeApiTransport } from '../src/access/kubernetes/api-transport.ts';
import { kubernetesCredentials } from '../src/access/kubernetes/create-kubernetes-source.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { followPolicy } from '../test/fixtures/policy-follower.ts';
import { TurnMeter } from './turn-meter.ts';

const [kubeconfig = '', expected = ''] = process.argv.slice(2);
const MIB = 1_048_576;
const heapMib = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / MIB;
};

// What Node does at the first use of TLS is no part of loading.
const credentials = kubernetesCredentials({ kubeconfigFile: kubeconfig }, systemClock);
const transport = new NodeApiTransport(credentials, systemClock);
const accept = 'application/json';
(await transport.request({ method: 'GET', path: '/version', accept })).close();
transport.close();

const before = heapMib();
const meter = new TurnMeter();
const startedAt = performance.now();
await using follower = await followPolicy(kubeconfig);
const loadedMs = performance.now() - startedAt;
const longestMs = meter.stop();
const grownMib = heapMib() - before;
const { maxRSS } = process.resourceUsage();
const { index } = follower;
console.log(
  `loaded in ${loadedMs.toFixed(0)} ms, longest turn ${longestMs.toFixed(1)} ms of CPU, heap grew by ` +
    `${grownMib.toFixed(0)} MiB, most resident ${(maxRSS / 1024).toFixed(0)} MiB`,
);
let found = 0;
for (let at = 0; at < Number(expected) / 5; at += 1) {
  found += [...index.bindingsIn(`team-${at}`)].length;
}
if (found !== Number(expected))
  throw new Error(`${found} of ${expected} bindings are in the index`);
