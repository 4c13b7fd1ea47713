// Owns the credentials of a pod: its service account, as Kubernetes mounts it.
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { ApiCredentials } from './api-credentials.ts';
import { RereadFile } from './reread-file.ts';

export interface InClusterOptions {
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly host: string;
  readonly port: string;
  /** Where `ca.crt` and `token` are; for tests. */
  readonly directory?: string;
}

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api */
export function inClusterCredentials(options: InClusterOptions, clock: Clock): ApiCredentials {
  const { host, port, directory = DIRECTORY } = options;
  return new ApiCredentials({
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    ca: new RereadFile(join(directory, 'ca.crt'), clock),
    token: new RereadFile(join(directory, 'token'), clock),
  });
}
