// Owns neighbours that are built from Go modules: their pins, their cache and their build.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { withMachineLock } from './machine-lock.ts';
import { reportWork } from './progress.ts';
import { runProgram } from './run-program.ts';

const PIN_FILES = ['go.mod', 'go.sum', 'tools.go'];
// The largest takes four minutes on two cores, downloads not counted.
const BUILD_WITHIN_MS = 20 * 60_000;
const BUILDING = 'building-';
// No cgo: nothing but Go itself is needed. -p 2: builds share the machine with tests.
const BUILD_FLAGS = ['-p', '2', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w'];

/** A program of a Go module, pinned by a wrapper module. */
export interface GoProgram {
  readonly kind: 'go';
  readonly name: string;
  /** The wrapper module in `pins/`; one may pin several programs. */
  readonly pins: string;
  /** The import path of its package main. */
  readonly package: string;
}

/** Where the program is, or will be once it is built: the hash of its pins is in the path. */
export function goProgramPath(program: GoProgram): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([program.package, BUILD_FLAGS, process.platform, process.arch]));
  for (const file of PIN_FILES) hash.update(readFileSync(join(pinsDirectory(program), file)));
  const key = hash.digest('hex').slice(0, 16);
  return join(cacheDirectory, `${program.name}-${key}`, program.name);
}

/**
 * Builds the program if it is not in the cache, and returns its path. One build at a time on this
 * machine; a build that is broken off leaves nothing that looks finished.
 */
export async function ensureGoProgram(program: GoProgram): Promise<string> {
  const path = goProgramPath(program);
  if (existsSync(path)) return path;
  await withMachineLock(async () => {
    if (!existsSync(path)) await reportWork(`build ${program.name}`, () => build(program, path));
  });
  return path;
}

async function build(program: GoProgram, path: string): Promise<void> {
  await removeBrokenOffBuilds();
  const directory = await mkdtemp(join(cacheDirectory, BUILDING));
  try {
    await runProgram(
      'go',
      ['build', ...BUILD_FLAGS, '-o', join(directory, program.name), program.package],
      {
        cwd: pinsDirectory(program),
        withinMs: BUILD_WITHIN_MS,
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
      },
    );
    await mkdir(join(path, '..'), { recursive: true });
    await rename(join(directory, program.name), path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

// We hold the lock, so every unfinished build that is found has lost its builder.
async function removeBrokenOffBuilds(): Promise<void> {
  for (const entry of await readdir(cacheDirectory)) {
    if (!entry.startsWith(BUILDING)) continue;
    await rm(join(cacheDirectory, entry), { recursive: true, force: true });
  }
}

function pinsDirectory(program: GoProgram): string {
  return join(import.meta.dirname, 'pins', program.pins);
}
