// Owns starting etcd.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt } from './catalogue.ts';
import { freePorts } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';

/** A running etcd; its data live until stop(). */
export interface Etcd extends AsyncDisposable {
  readonly url: string;
  readonly process: NeighbourProcess;
  /** Ends it and starts it again on the same port, with its data or empty. */
  restart(data: 'kept' | 'lost'): Promise<void>;
  /** Forgets all history: only the newest state of every key can still be read. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a single etcd on 127.0.0.1 and waits until it is healthy. */
export async function startEtcd(): Promise<Etcd> {
  const program = await ensureBuilt('etcd-3.6.16');
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return startInScratchDirectory('etcd', async (directory) => {
    const data = join(directory, 'data');
    const process = await NeighbourProcess.start({
      name: `etcd on ${clientPort}`,
      command: program,
      args: [
        ...['--data-dir', data, '--unsafe-no-fsync', '--log-level', 'warn'],
        // Alone, it need not wait the default second to elect itself.
        ...['--heartbeat-interval', '10', '--election-timeout', '100'],
        ...['--listen-client-urls', url, '--advertise-client-urls', url],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', `default=${peerUrl}`],
      ],
      directory,
      port: clientPort,
      isReady: async () => (await fetch(`${url}/health`)).ok,
    });
    const stop = () => process.stop();
    const restart = async (kept: 'kept' | 'lost'): Promise<void> => {
      await process.end();
      if (kept === 'lost') await rm(data, { recursive: true, force: true });
      await process.restart();
    };
    const compact = () => compactAt(url);
    return { url, process, restart, compact, stop, [Symbol.asyncDispose]: stop };
  });
}

/** https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
async function compactAt(url: string): Promise<void> {
  const ask = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const status = (await ask('maintenance/status', {})) as { header: { revision: string } };
  await ask('kv/compaction', { revision: status.header.revision, physical: true });
}
