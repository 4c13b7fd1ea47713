// Owns neighbours that are Python packages: their pins, their cache and their installation.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { findProgram, installDebianPackages } from './debian-package.ts';
import { withMachineLock } from './machine-lock.ts';
import { reportWork } from './progress.ts';
import { runProgram } from './run-program.ts';

const INSTALL_WITHIN_MS = 10 * 60_000;
const BUILDING = 'building-';

/** A module of Python packages, all of them pinned by `pins/<name>/requirements.txt`. */
export interface PythonProgram {
  readonly kind: 'python';
  readonly name: string;
}

/**
 * The Python that has the packages, or will have them: the hash of the pins and the Python it was made
 * from are in the path. Its programs are started as `python -m MODULE`: scripts name the place where
 * they were installed.
 */
export function pythonProgramPath({ name }: PythonProgram): string {
  const system = findProgram('python3');
  const hash = createHash('sha256');
  hash.update(system === undefined ? '' : realpathSync(system));
  hash.update(readFileSync(pinsOf(name)));
  const key = hash.digest('hex').slice(0, 16);
  return join(cacheDirectory, `${name}-${key}`, 'bin', 'python');
}

/** Installs the packages if they are not in the cache, and returns the path of their Python. */
export async function ensurePythonProgram(program: PythonProgram): Promise<string> {
  if (existsSync(pythonProgramPath(program))) return pythonProgramPath(program);
  await ensureVirtualEnvironments();
  // A Python that was just installed has a path of its own.
  const path = pythonProgramPath(program);
  await withMachineLock(async () => {
    if (!existsSync(path))
      await reportWork(`install ${program.name}`, () => install(program, path));
  });
  return path;
}

/** Debian has what `python3 -m venv` needs in a package of its own. */
async function ensureVirtualEnvironments(): Promise<void> {
  const check = () => runProgram('python3', ['-c', 'import ensurepip, venv']);
  await check().catch(() => installDebianPackages(['python3', 'python3-venv']));
}

async function install({ name }: PythonProgram, path: string): Promise<void> {
  const directory = await mkdtemp(join(cacheDirectory, BUILDING));
  const how = { withinMs: INSTALL_WITHIN_MS };
  try {
    await runProgram('python3', ['-m', 'venv', directory], how);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    const wheelsOnly = ['--only-binary', ':all:', '--requirement', pinsOf(name)];
    await runProgram(join(directory, 'bin', 'python'), [...pip, ...wheelsOnly], how);
    await rename(directory, join(path, '..', '..'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function pinsOf(name: string): string {
  return join(import.meta.dirname, 'pins', name, 'requirements.txt');
}
