// Owns starting Dex, either of the two pinned versions.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt } from './catalogue.ts';
import { dexConfigFile, type DexConfig } from './dex-config.ts';
import { startEtcd } from './etcd.ts';
import { freePort } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';

/** The Dex of the Kubeflow distribution, and the one with sessions and back-channel logout. */
export type DexVersion = '2.45.1' | '2026-08-06';

/** How Dex is started; see DexConfig for the rest and its defaults. */
export interface DexOptions extends Omit<Partial<DexConfig>, 'port'> {
  readonly version?: DexVersion;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running Dex. */
export interface Dex extends AsyncDisposable {
  readonly port: number;
  /** What its tokens name as `iss`; need not be where it listens. */
  readonly issuer: string;
  /** Where it listens, with the issuer's path: `http://127.0.0.1:PORT/dex`. */
  readonly url: string;
  /** Its process; restart() brings it back on the same port (see DexStorage for what it forgets). */
  readonly process: NeighbourProcess;
  stop(): Promise<void>;
}

/**
 * Starts Dex on 127.0.0.1 and waits until it answers discovery. Without `storage` 2.45.1 keeps its
 * state in memory; the newer one gets an etcd of its own, because its memory storage locks up at
 * the first refresh (it looks the connector up in a transaction: server/tokens/refresh_store.go).
 */
export async function startDex(options: DexOptions = {}): Promise<Dex> {
  if (options.version !== '2026-08-06' || options.storage !== undefined) return start(options);
  const etcd = await startEtcd();
  try {
    const dex = await start({ ...options, storage: etcd });
    const stop = async (): Promise<void> => {
      await dex.stop();
      await etcd.stop();
    };
    return { ...dex, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await etcd.stop();
    throw error;
  }
}

async function start(options: DexOptions): Promise<Dex> {
  const { version = '2.45.1', env = {}, ...chosen } = options;
  const program = await ensureBuilt(`dex-${version}`);
  const port = options.port ?? (await freePort());
  const issuer = options.issuer ?? `http://127.0.0.1:${port}/dex`;
  const config: DexConfig = { storage: 'memory', ...chosen, issuer, port };
  const url = `http://127.0.0.1:${port}${new URL(issuer).pathname.replace(/\/$/, '')}`;
  return startInScratchDirectory('dex', async (directory) => {
    const configFile = join(directory, 'config.yaml');
    await writeFile(configFile, dexConfigFile(config));
    const process = await NeighbourProcess.start({
      name: `Dex ${version} on ${port}`,
      command: program,
      args: ['serve', configFile],
      directory,
      port,
      env: { ...(config.sessions === undefined ? {} : { DEX_SESSIONS_ENABLED: 'true' }), ...env },
      isReady: () => answersDiscovery(url),
    });
    const stop = () => process.stop();
    return { port, issuer, url, process, stop, [Symbol.asyncDispose]: stop };
  });
}

async function answersDiscovery(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(2_000),
  });
  await answer.arrayBuffer();
  return answer.ok;
}
