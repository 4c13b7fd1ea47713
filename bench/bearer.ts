// Measures a bearer token that is known beside a session that is, and beside oauth2-proxy, which verifies
// the same ID token at every request: same machine, same run, same application, interleaved rounds, medians.
//   node bench/bearer.ts [rounds] [seconds]
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/neighbours/free-port.ts';
import { pollUntil } from '../test/neighbours/poll-until.ts';
import {
  idTokenHeader,
  OTHER_CORE,
  startBenchDex,
  startChild,
  startGateway,
  startRival,
} from './contestants.ts';
import { round } from './load.ts';
import { median } from './process-usage.ts';

const rounds = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 4);
const PATH = '/notebook/team-a/lab/small';

const directory = mkdtempSync(join(tmpdir(), 'kfgw-bench-'));
const [upstreamPort, rivalPort, publicPort, adminPort] = [
  await freePort(),
  await freePort(),
  await freePort(),
  await freePort(),
];
const upstreamUrl = `http://127.0.0.1:${upstreamPort}`;
const upstream = startChild(
  [process.execPath, 'bench/upstream.ts', String(upstreamPort)],
  join(directory, 'upstream.log'),
  OTHER_CORE,
);
try {
  await pollUntil('the application', async () => (await fetch(`${upstreamUrl}/small`)).ok);
  await using dex = await startBenchDex([rivalPort, publicPort]);
  const rival = await startRival(dex, rivalPort, upstreamUrl, ['--skip-jwt-bearer-tokens']);
  const ports = { public: publicPort, admin: adminPort };
  const gateway = await startGateway(dex, ports, upstreamUrl, directory);
  const credential = await idTokenHeader(dex);
  const targets = [
    { ...rival, name: 'oauth2-proxy 7.15.2, token', credential },
    { ...gateway, name: 'kubeflow-auth-gateway, session' },
    { ...gateway, name: 'kubeflow-auth-gateway, token', credential },
  ] as const;
  const measured = targets.map((target) => ({ target, cpu: [] as number[] }));
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${rounds} rounds of ${seconds} s`,
  );
  for (let count = 0; count < rounds; count += 1) {
    for (const { target, cpu } of measured) {
      cpu.push((await round(target, PATH, seconds)).cpuPerRequest);
      process.stderr.write('.');
    }
  }
  process.stderr.write('\n');
  for (const { target, cpu } of measured)
    console.log(`${target.name}: ${median(cpu).toFixed(0)} µs CPU per request`);
  const [ofRival = 0, ofSession = 0, ofToken = 0] = measured.map(({ cpu }) => median(cpu));
  console.log(
    `a token costs ${(ofToken / ofSession).toFixed(2)} of a session, ${(ofToken / ofRival).toFixed(2)} of oauth2-proxy's`,
  );
  await gateway.stop();
  await rival.stop();
} finally {
  await upstream.stop();
  rmSync(directory, { recursive: true, force: true });
}
