// Owns getting to know the gateway as an authorization server (RFC 8414), and how it is asked.
import { readFileSync } from 'node:fs';
import { customFetch, discovery, None, type Configuration } from 'openid-client';
import { COMMAND_LINE_CLIENT_ID } from '../identity/oauth/command-line-client.ts';
import { boundedFetch } from '../identity/login/bounded-fetch.ts';
import { permitHttp } from '../identity/login/permit-http.ts';
import type { Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';
import { UnusableAnswer } from './server-fault.ts';

const TIMEOUT_MS = 10 * SECOND_MS;

export interface ServerAddress {
  readonly origin: string;
  readonly isPlain: boolean;
  /** File with authorities in PEM besides those of Node. */
  readonly caFile: string | undefined;
}

/** Rejects with what serverFault tells apart. */
export async function findAuthorizationServer(
  { origin, isPlain, caFile }: ServerAddress,
  clock: Clock,
): Promise<Configuration> {
  const caPem = () => (caFile === undefined ? undefined : readFileSync(caFile, 'utf8'));
  const bounds = { timeoutMs: TIMEOUT_MS, allowHttp: isPlain, skipTlsVerify: false };
  const found = await discovery(new URL(origin), COMMAND_LINE_CLIENT_ID, undefined, None(), {
    algorithm: 'oauth2',
    [customFetch]: boundedFetch({ ...bounds, caPem }, clock),
    // Ours is the deadline that counts; the library's would be 30 s.
    timeout: TIMEOUT_MS / SECOND_MS + 1,
    execute: isPlain ? [permitHttp] : [],
  });
  requireUsable(found, origin);
  return found;
}

/** Codes and tokens go nowhere but to the gateway, and only with what protects them. */
function requireUsable(found: Configuration, origin: string): void {
  const metadata = found.serverMetadata();
  for (const name of [
    'authorization_endpoint',
    'token_endpoint',
    'device_authorization_endpoint',
    'revocation_endpoint',
  ] as const) {
    if (URL.parse(metadata[name] ?? '')?.origin !== origin) {
      throw new UnusableAnswer(`its ${name} is missing or elsewhere`);
    }
  }
  if (!metadata.supportsPKCE()) throw new UnusableAnswer('it does not know PKCE');
  // With this openid-client takes no code without the issuer that gave it (RFC 9207 section 2.4).
  if (metadata.authorization_response_iss_parameter_supported !== true) {
    throw new UnusableAnswer('it does not tell its issuer with a code');
  }
}
