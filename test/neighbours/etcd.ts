// Owns starting etcd.
import { join } from 'node:path';
import { ensureBuilt } from './catalogue.ts';
import { freePorts } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';

/** A running etcd; its data live until stop(). */
export interface Etcd extends AsyncDisposable {
  readonly url: string;
  readonly process: NeighbourProcess;
  stop(): Promise<void>;
}

/** Starts a single etcd on 127.0.0.1 and waits until it is healthy. */
export async function startEtcd(): Promise<Etcd> {
  const program = await ensureBuilt('etcd-3.6.16');
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return startInScratchDirectory('etcd', async (directory) => {
    const process = await NeighbourProcess.start({
      name: `etcd on ${clientPort}`,
      command: program,
      args: [
        ...['--data-dir', join(directory, 'data'), '--unsafe-no-fsync', '--log-level', 'warn'],
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
    return { url, process, stop, [Symbol.asyncDispose]: stop };
  });
}
