// Owns starting a real kube-controller-manager with the few controllers that a test asks for.
import { ensureBuilt } from './catalogue.ts';
import { makeCertificate } from './certificate.ts';
import { freePort } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';
import { plainRequest } from './plain-request.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;

/** What each of them does, by the names that they have here. */
const controllers = {
  aggregation: 'clusterrole-aggregation-controller',
  secretTokens: 'serviceaccount-token-controller',
} as const;

/**
 * Starts it on the API server of the kubeconfig file, and waits until it says that it is healthy.
 * `tokenKeyFile` is what tokens in Secrets are signed with.
 */
export async function startKubeControllerManager(
  kubeconfig: string,
  names: readonly (keyof typeof controllers)[],
  tokenKeyFile: string,
): Promise<NeighbourProcess> {
  const program = await ensureBuilt('kube-controller-manager-1.36.3');
  const port = await freePort();
  return startInScratchDirectory('kube-controller-manager', async (directory) => {
    const { cert, certFile, keyFile } = await makeCertificate(directory);
    return NeighbourProcess.start({
      name: `kube-controller-manager on ${port}`,
      command: program,
      args: [
        ...[
          `--kubeconfig=${kubeconfig}`,
          `--controllers=${names.map((name) => controllers[name]).join(',')}`,
          `--service-account-private-key-file=${tokenKeyFile}`,
        ],
        // Alone, it need not be elected.
        '--leader-elect=false',
        ...['--bind-address=127.0.0.1', `--secure-port=${port}`],
        ...[`--tls-cert-file=${certFile}`, `--tls-private-key-file=${keyFile}`],
      ],
      directory,
      port,
      isReady: async () => {
        const url = `https://127.0.0.1:${port}/healthz`;
        return (await plainRequest(url, { ca: cert })).status === 200;
      },
      readyWithinMs: READY_WITHIN_MS,
      stopWithinMs: STOP_WITHIN_MS,
    });
  });
}
