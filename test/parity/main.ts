// The program behind `make parity`: node test/parity/main.ts QUESTIONS [SEED]
import { randomInt } from 'node:crypto';
import { followPolicy, gatewayUser, letGatewayRead } from '../fixtures/policy-follower.ts';
import { ensureNeighbours } from '../neighbours/catalogue.ts';
import { startKubeApiServer } from '../neighbours/kube-api-server.ts';
import { caseJson } from './parity-case.ts';
import { runParity, type ParityCount } from './parity-run.ts';

const TELL_EVERY_MS = 5_000;
const questions = Number(process.argv[2] ?? 30_000);
const seed = Number(process.argv[3] ?? randomInt(2 ** 31));
if (!Number.isInteger(questions) || questions < 1 || !Number.isInteger(seed)) {
  throw new Error('usage: node test/parity/main.ts QUESTIONS [SEED], both whole numbers');
}

await ensureNeighbours(['etcd-3.6.16', 'kube-apiserver-1.36.3', 'openssl']);
await using server = await startKubeApiServer({ users: [gatewayUser] });
await letGatewayRead(server.client);
await using follower = await followPolicy(server.kubeconfig(gatewayUser.name));
let toldAt = performance.now();
const { found, ...count } = await runParity({
  ...{ client: server.client, seed, questions, followers: [follower.index] },
  onProgress(soFar) {
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    tell(soFar);
  },
});
for (const difference of found) console.log(JSON.stringify([caseJson(difference)], null, 2));
tell(count);
console.log(`parity: ${count.asked} asked, ${count.differed} differed (seed ${seed})`);
if (count.differed > 0) process.exitCode = 1;

function tell(count: ParityCount): void {
  const { asked, allowed, policies, differed, refusedObjects, refusedQuestions } = count;
  console.log(
    `${asked} of ${questions} questions over ${policies} policies, ${allowed} allowed, ${differed} differed; ` +
      `the API server refused ${refusedObjects} objects and ${refusedQuestions} questions`,
  );
}
