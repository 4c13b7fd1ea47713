// The program that gets every missing neighbour: node test/neighbours/install.ts [test|bench]
import {
  benchmarkNeighbours,
  ensureNeighbours,
  missingNeighbours,
  testNeighbours,
  type NeighbourName,
} from './catalogue.ts';
import { report } from './progress.ts';

const GROUPS: Readonly<Record<string, readonly NeighbourName[]>> = {
  test: testNeighbours,
  bench: benchmarkNeighbours,
};

const group = process.argv[2] ?? 'test';
const names = GROUPS[group];
if (names === undefined) {
  report(`unknown group ${group}: one of ${Object.keys(GROUPS).join(', ')}`);
  process.exitCode = 2;
} else {
  process.exitCode = await install(names);
}

/** 0 when all are there, 1 when one is missing and CI=true; a developer's tests skip instead. */
async function install(wanted: readonly NeighbourName[]): Promise<number> {
  await ensureNeighbours(wanted).catch((error: unknown) => report(String(error)));
  const missing = missingNeighbours(wanted);
  if (missing.length === 0) return 0;
  const isCi = process.env['CI'] === 'true';
  report(`missing: ${missing.join(', ')}; their tests ${isCi ? 'fail (CI=true)' : 'are skipped'}`);
  return isCi ? 1 : 0;
}
