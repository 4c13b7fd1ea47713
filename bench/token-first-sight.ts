// Measures the CPU of a token that is seen for the first time and verified offline: read, signature,
// claims, identity; and of the same token when it is known. Medians of many short rounds.
//   node bench/token-first-sight.ts [rounds]
import { generateKeyPairSync, sign } from 'node:crypto';
import { createTokenAuthenticator } from '../src/identity/bearer/token-authenticator.ts';
import { createIssuerVerifiers } from '../src/identity/issuers/create-issuer-verifiers.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { silentLogger } from '../src/kernel/logger.ts';
import { silentMetrics } from '../src/kernel/metrics.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { defaultClaimRules } from '../test/fixtures/claim-rules.ts';
import { median } from './process-usage.ts';

const rounds = Number(process.argv[2] ?? 60);
const TOKENS = 100;
const CLIENT = '192.0.2.1';
const ISSUER = 'https://dex.example';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const algorithms = { RS256: rsa.privateKey, ES256: curve.privateKey };
const keys = [
  { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'RS256', alg: 'RS256', use: 'sig' },
  { ...curve.publicKey.export({ format: 'jwk' }), kid: 'ES256', alg: 'ES256', use: 'sig' },
];

const authenticator = createTokenAuthenticator(
  {
    ...{ cacheForMs: 300_000, cacheEntries: 20_000 },
    ...{ unknownPerMinute: 1_000_000_000, outageBoundMs: 900_000 },
  },
  {
    verifiers: createIssuerVerifiers(
      {
        provider: { enabled: true, audiences: ['kubeflow'], maxLifetimeMs: 86_400_000 },
        issuers: [],
        ...{ clockToleranceMs: 30_000, cacheForMs: 300_000 },
        signIn: { issuer: ISSUER, clientId: 'kubeflow', claims: defaultClaimRules },
      },
      {
        ...{ clock: systemClock, logger: silentLogger, metrics: silentMetrics },
        providerKeySet: () => Promise.resolve({ keys }),
      },
    ),
    ...{ clock: systemClock, random: systemRandom, logger: silentLogger, metrics: silentMetrics },
    signAssertion: () => ({ token: '', expiresAtMs: 0 }),
    headerNames: { userIdHeader: 'kubeflow-userid', groupsHeader: 'kubeflow-groups' },
  },
);

console.log(`Node ${process.version}; microseconds of CPU per token, median (least)`);
for (const alg of ['RS256', 'ES256'] as const) {
  const first: number[] = [];
  const known: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const tokens = Array.from({ length: TOKENS }, (_, at) => tokenOf(alg, round * TOKENS + at));
    first.push(await cpuPerToken(tokens));
    known.push(await cpuPerToken(tokens));
  }
  console.log(`  ${alg}, first sight: ${told(first)}`);
  console.log(`  ${alg}, known: ${told(known)}`);
}

/** All threads count: signatures may be verified beside the event loop. */
async function cpuPerToken(tokens: readonly string[]): Promise<number> {
  const before = process.cpuUsage();
  for (const token of tokens) {
    const answer = await authenticator.authenticate(token, CLIENT);
    if (answer.kind !== 'authenticated') throw new Error(answer.reason);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / tokens.length;
}

function told(figures: readonly number[]): string {
  return `${median(figures).toFixed(1)} (${Math.min(...figures).toFixed(1)})`;
}

/** What Dex issues, some 900 characters. */
function tokenOf(alg: keyof typeof algorithms, serial: number): string {
  const nowSec = Math.floor(systemClock.nowMs() / 1_000);
  const header = { alg, kid: alg };
  const payload = {
    ...{ iss: ISSUER, aud: 'kubeflow', sub: `CgVhbm4tNxIFbG9jYWw${serial}` },
    ...{ iat: nowSec, exp: nowSec + 3_600, at_hash: 'MjM0NTY3ODkwMTIzNDU2Nw' },
    ...{ email: `ann-${serial}@example.com`, email_verified: true, name: 'Ann' },
    groups: ['team-a', 'team-b', 'ml-platform', 'everybody'],
  };
  const input = [header, payload].map((part) => base64url(JSON.stringify(part))).join('.');
  const key = { key: algorithms[alg], dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
