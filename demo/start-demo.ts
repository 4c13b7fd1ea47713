// Owns the demo as a whole: provider, applications and the gateway in front of them, in one process.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig, type LoadedConfig } from '../src/config/load-config.ts';
import { createGateway } from '../src/gateway.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { createJsonLogger } from '../src/observe/json-logger.ts';
import { createPrometheusMetrics } from '../src/observe/prometheus-metrics.ts';
import { createApplications, createSocketEcho } from './applications.ts';
import { createIdentityProvider } from './identity-provider.ts';
import { serveOnLoopback } from './loopback-server.ts';

export interface Demo {
  /** Where browsers go. */
  readonly url: string;
  stop(): Promise<void>;
}

interface Addresses {
  /** Scheme, host and port of the gateway. */
  readonly origin: string;
  readonly port: number;
  readonly provider: string;
  readonly applications: string;
}

const CLIENT_ID = 'kubeflow-oidc-authservice';

/** Wherever the demo is started from; the environment can name another one. */
const policy = {
  KFGW_RBAC__MANIFESTS_DIRECTORY: fileURLToPath(new URL('../config/demo-policy', import.meta.url)),
};

/** Starts everything; resolves when a person can sign in at `http://localhost:port`. */
export async function startDemo(port: number, env: NodeJS.ProcessEnv): Promise<Demo> {
  const origin = `http://localhost:${port}`;
  const secret = randomBytes(32).toString('base64url');
  const redirectUri = `${origin}/oauth2/callback`;
  const client = { id: CLIENT_ID, secret, redirectUri };
  const provider = await serveOnLoopback(await createIdentityProvider(`${origin}/dex`, client));
  const applications = await serveOnLoopback(createApplications());
  applications.server.on('upgrade', createSocketEcho());
  const addresses = { origin, port, provider: provider.url, applications: applications.url };
  const { config, secrets, dangers } = demoConfig({
    ...policy,
    ...env,
    ...overrides(addresses, secret),
  });
  const logger = createJsonLogger(config.logging.level, process.stderr);
  for (const { path, message } of dangers)
    logger.warn('A dangerous setting is on.', { option: path, meaning: message });
  const gateway = await createGateway(config, secrets, {
    clock: systemClock,
    random: systemRandom,
    logger,
    metrics: createPrometheusMetrics(),
    env,
  });
  return {
    url: origin,
    async stop() {
      await gateway.stop();
      await Promise.all([applications.close(), provider.close()]);
    },
  };
}

function demoConfig(env: NodeJS.ProcessEnv): LoadedConfig {
  const yamlText = readFileSync(new URL('../config/demo.yaml', import.meta.url), 'utf8');
  const loaded = loadConfig({ yamlText, env });
  if (loaded.kind === 'loaded') return loaded;
  const problems = loaded.problems.map(({ path, message }) => `${path} ${message}`);
  throw new Error(`config/demo.yaml cannot be used: ${problems.join('; ')}`);
}

/** What config/demo.yaml cannot know. */
function overrides({ origin, port, provider, applications }: Addresses, secret: string) {
  const upstreams = [
    { prefix: '/dex/', url: provider, access: 'public' },
    { prefix: '/', url: applications, sendAssertion: true },
  ];
  return {
    KFGW_LISTENERS__PUBLIC__PORT: String(port),
    KFGW_PUBLIC_ORIGINS: JSON.stringify([origin]),
    KFGW_OIDC__ISSUER: `${origin}/dex`,
    KFGW_OIDC__CLIENT_SECRET: secret,
    KFGW_OIDC__REDIRECT_URI: `${origin}/oauth2/callback`,
    KFGW_OIDC__ENDPOINTS__TOKEN: `${provider}/dex/token`,
    KFGW_OIDC__ENDPOINTS__JWKS: `${provider}/dex/keys`,
    KFGW_UPSTREAMS: JSON.stringify(upstreams),
  };
}
