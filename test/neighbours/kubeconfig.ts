// Owns writing kubeconfig files for real API servers.
import { writeFile } from 'node:fs/promises';
import type { KubeAccess } from './kube-client.ts';

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/, as JSON, which is YAML. */
export async function writeKubeconfig(file: string, { url, ca, token }: KubeAccess): Promise<void> {
  const name = 'neighbour';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [
      {
        name,
        cluster: {
          server: url,
          'certificate-authority-data': Buffer.from(ca).toString('base64'),
        },
      },
    ],
    users: [{ name, user: { token } }],
  };
  await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
}
