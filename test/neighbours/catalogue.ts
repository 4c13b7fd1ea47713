// Owns the list of real neighbours and where each comes from.
import { existsSync } from 'node:fs';
import { ensureDebianPrograms, findProgram, type DebianPrograms } from './debian-package.ts';
import { ensureGoProgram, goProgramPath, type GoProgram } from './go-program.ts';
import { ensurePythonProgram, pythonProgramPath, type PythonProgram } from './python-program.ts';

const catalogue = {
  redis: debian(['redis-server', 'openssl'], ['redis-server', 'redis-cli', 'openssl']),
  ldap: debian(['slapd', 'ldap-utils'], ['slapd', 'ldapmodify', 'ldapwhoami']),
  chromium: debian(['chromium'], ['chromium']),
  openssl: debian(['openssl'], ['openssl']),
  wrk: debian(['wrk'], ['wrk']),
  h2load: debian(['nghttp2-client'], ['h2load']),
  'dex-2.45.1': go('dex-2.45.1', 'github.com/dexidp/dex/cmd/dex'),
  'dex-2026-08-06': go('dex-2026-08-06', 'github.com/dexidp/dex/cmd/dex'),
  'etcd-3.6.16': go('etcd-3.6.16', 'go.etcd.io/etcd/server/v3'),
  'oauth2-proxy-7.15.2': go('oauth2-proxy-7.15.2', 'github.com/oauth2-proxy/oauth2-proxy/v7'),
  'kube-apiserver-1.36.3': kube('kube-apiserver'),
  'kube-controller-manager-1.36.3': kube('kube-controller-manager'),
  'jupyterlab-4.5.11': { kind: 'python', name: 'jupyterlab-4.5.11' },
  'kfp-2.17.0': { kind: 'python', name: 'kfp-2.17.0' },
} as const satisfies Record<string, DebianPrograms | GoProgram | PythonProgram>;

/** A neighbour of the catalogue. */
export type NeighbourName = keyof typeof catalogue;

type NameOfKind<Kind> = {
  [Name in NeighbourName]: (typeof catalogue)[Name]['kind'] extends Kind ? Name : never;
}[NeighbourName];

/** A neighbour that is built from its Go module. */
export type GoNeighbourName = NameOfKind<'go'>;

/** The neighbours that tests need, and those that only benchmarks need. */
export const testNeighbours = [
  'openssl',
  'redis',
  'ldap',
  'chromium',
  'dex-2.45.1',
  'dex-2026-08-06',
  'etcd-3.6.16',
  'oauth2-proxy-7.15.2',
  'kube-apiserver-1.36.3',
  'kube-controller-manager-1.36.3',
  'jupyterlab-4.5.11',
  'kfp-2.17.0',
] as const satisfies readonly NeighbourName[];
export const benchmarkNeighbours = [
  'redis',
  'wrk',
  'h2load',
  'dex-2.45.1',
  'oauth2-proxy-7.15.2',
] as const satisfies readonly NeighbourName[];

/**
 * Installs or builds what is missing, one at a time. What cannot be had does not keep the others
 * from being got; rejects at the end with the reasons.
 */
export async function ensureNeighbours(names: readonly NeighbourName[]): Promise<void> {
  const wanted = names.map((name) => catalogue[name]);
  const problems: string[] = [];
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => problems.push(String(error)));
  };
  await attempt(ensureDebianPrograms(wanted.filter((source) => source.kind === 'debian')));
  for (const source of wanted) {
    if (source.kind === 'go') await attempt(ensureGoProgram(source));
    if (source.kind === 'python') await attempt(ensurePythonProgram(source));
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** Builds a Go neighbour if it is missing, and returns its program's path. */
export async function ensureBuilt(name: GoNeighbourName): Promise<string> {
  return ensureGoProgram(catalogue[name]);
}

/** Installs a Python neighbour if it is missing, and returns the path of the Python that has it. */
export async function ensureInstalled(name: NameOfKind<'python'>): Promise<string> {
  return ensurePythonProgram(catalogue[name]);
}

/** Which of these are neither installed nor built, without trying to get them. */
export function missingNeighbours(names: readonly NeighbourName[]): NeighbourName[] {
  return names.filter((name) => {
    const source = catalogue[name];
    switch (source.kind) {
      case 'go':
        return !existsSync(goProgramPath(source));
      case 'python':
        return !existsSync(pythonProgramPath(source));
      case 'debian':
        return !source.programs.every(findProgram);
    }
  });
}

/** The path of an installed program. Throws, saying how to get it, when it is missing. */
export function installedProgram(program: string): string {
  const path = findProgram(program);
  if (path !== undefined) return path;
  throw new Error(`${program} is missing: run node test/neighbours/install.ts`);
}

function debian(packages: readonly string[], programs: readonly string[]) {
  return { kind: 'debian', packages, programs } as const;
}

function go(name: string, mainPackage: string, pins = name) {
  return { kind: 'go', name, pins, package: mainPackage } as const;
}

function kube(program: string) {
  return go(`${program}-1.36.3`, `k8s.io/kubernetes/cmd/${program}`, 'kube-1.36.3');
}
