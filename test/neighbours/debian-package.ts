// Owns neighbours that come as Debian packages: where their programs are, and their installation.
import { accessSync, constants, existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { withMachineLock } from './machine-lock.ts';
import { reportWork } from './progress.ts';
import { runProgram } from './run-program.ts';

const INSTALL_WITHIN_MS = 10 * 60_000;
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY =
  '#!/bin/sh\n# Written by kubeflow-auth-gateway: packages under installation start no service.\nexit 101\n';

/** Programs of Debian packages; any program of the same name in PATH will do. */
export interface DebianPrograms {
  readonly kind: 'debian';
  readonly packages: readonly string[];
  readonly programs: readonly string[];
}

/** The program's path, looked for in PATH and where Debian keeps servers; undefined when missing. */
export function findProgram(program: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  return directories.map((directory) => join(directory, program)).find(isExecutable);
}

/** Installs the packages of which a program is missing. Rejects where that cannot be done. */
export async function ensureDebianPrograms(wanted: readonly DebianPrograms[]): Promise<void> {
  if (packagesToInstall(wanted).length === 0) return;
  await withMachineLock(async () => {
    const packages = packagesToInstall(wanted);
    if (packages.length === 0) return;
    await reportWork(`install Debian packages ${packages.join(' ')}`, () => install(packages));
  });
}

/** Installs packages that cannot be known by their programs. Rejects where that cannot be done. */
export async function installDebianPackages(packages: readonly string[]): Promise<void> {
  await withMachineLock(async () => {
    await reportWork(`install Debian packages ${packages.join(' ')}`, () => install(packages));
  });
}

function packagesToInstall(wanted: readonly DebianPrograms[]): string[] {
  const missing = wanted.filter(({ programs }) => !programs.every(findProgram));
  return [...new Set(missing.flatMap(({ packages }) => packages))];
}

async function install(packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) {
    throw new Error(`install as root, with apt-get: ${packages.join(' ')}`);
  }
  const how = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    withinMs: INSTALL_WITHIN_MS,
  };
  await withoutStartingServices(async () => {
    await runProgram('apt-get', ['update', '-q'], how);
    const options = ['--yes', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
    await runProgram('apt-get', ['install', ...options, ...packages], how);
  });
}

/**
 * slapd and redis-server start themselves when installed, on their well-known ports; invoke-rc.d(8)
 * asks policy-rc.d first, and 101 forbids it. A policy that is already there is left as it is.
 */
async function withoutStartingServices(work: () => Promise<void>): Promise<void> {
  const isOurs = !existsSync(POLICY_FILE) || (await readFile(POLICY_FILE, 'utf8')) === POLICY;
  if (!isOurs) return work();
  await writeFile(POLICY_FILE, POLICY, { mode: 0o755 });
  try {
    await work();
  } finally {
    await rm(POLICY_FILE, { force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
