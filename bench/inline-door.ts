// Measures the inline door beside oauth2-proxy in reverse-proxy mode: same machine, same run, same
// application, same Dex, one core each, interleaved rounds, medians.
//   node bench/inline-door.ts [rounds] [seconds]
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/neighbours/free-port.ts';
import { pollUntil } from '../test/neighbours/poll-until.ts';
import { OTHER_CORE, startBenchDex, startChild, startGateway, startRival } from './contestants.ts';
import { round, type Round } from './load.ts';
import { median, residentMiB } from './process-usage.ts';

const rounds = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 4);
const scenarios = [
  { title: 'small keep-alive GET', path: '/notebook/team-a/lab/small' },
  { title: 'GET of 1 MiB', path: '/notebook/team-a/lab/large' },
] as const;

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
  const rival = await startRival(dex, rivalPort, upstreamUrl);
  const gateway = await startGateway(
    dex,
    { public: publicPort, admin: adminPort },
    upstreamUrl,
    directory,
  );
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${rounds} rounds of ${seconds} s`,
  );
  for (const { title, path } of scenarios) {
    const results = new Map<string, Round[]>([
      [rival.name, []],
      [gateway.name, []],
    ]);
    for (let count = 0; count < rounds; count += 1) {
      for (const target of [rival, gateway]) {
        results.get(target.name)?.push(await round(target, path, seconds));
        process.stderr.write('.');
      }
    }
    process.stderr.write('\n');
    report(title, results, rival.name);
  }
  console.log(
    `resident after load: ${rival.name} ${residentMiB(rival.pid).toFixed(0)} MiB, ${gateway.name} ${residentMiB(gateway.pid).toFixed(0)} MiB`,
  );
  await gateway.stop();
  await rival.stop();
} finally {
  await upstream.stop();
  rmSync(directory, { recursive: true, force: true });
}

function report(title: string, results: ReadonlyMap<string, readonly Round[]>, base: string): void {
  const cpu = (name: string): number =>
    median((results.get(name) ?? []).map(({ cpuPerRequest }) => cpuPerRequest));
  for (const [name, measured] of results) {
    const rate = median(measured.map(({ requestsPerSecond }) => requestsPerSecond));
    console.log(
      `${title}: ${name}: ${cpu(name).toFixed(0)} µs CPU per request, ${rate.toFixed(0)} requests/s, ratio ${(cpu(name) / cpu(base)).toFixed(2)}`,
    );
  }
}
