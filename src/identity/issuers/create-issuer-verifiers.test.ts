import { describe, expect, test } from 'vitest';
import { defaultClaimRules } from '../../../test/fixtures/claim-rules.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { issuerKey } from '../../../test/fixtures/issuer-key.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import { readUnverifiedToken } from '../bearer/unverified-token.ts';
import {
  createIssuerVerifiers,
  type IssuerVerifierOptions,
  type TokenIssuerOptions,
} from './create-issuer-verifiers.ts';

const HOUR_MS = 3_600_000;
const key = issuerKey('a');
const clock = new FakeClock();

const provider = { enabled: true, audiences: [], maxLifetimeMs: HOUR_MS };
const ci: TokenIssuerOptions = {
  issuer: 'https://ci.example',
  keys: { source: 'file', keySetFile: '/nonexistent', timeoutMs: 1_000, insecureHttp: false },
  ...{ audiences: ['kfgw'], algorithms: ['ES256'], maxLifetimeMs: HOUR_MS },
  ...{ claims: { ...defaultClaimRules, user: 'sub' }, users: ['build'], groups: [] },
};

function verifiersWith(changes: Partial<IssuerVerifierOptions>) {
  return createIssuerVerifiers(
    {
      ...{ provider, issuers: [ci], clockToleranceMs: 0, cacheForMs: 300_000 },
      signIn: { issuer: 'https://dex.example', clientId: 'kubeflow', claims: defaultClaimRules },
      ...changes,
    },
    {
      ...{ clock, logger: silentLogger, metrics: silentMetrics },
      providerKeySet: () => Promise.resolve({ keys: [key.jwk] }),
    },
  );
}

/** What becomes of a token: the reason of its refusal, or for whom it stands. */
async function outcome(payload: object, changes: Partial<IssuerVerifierOptions> = {}) {
  const nowSec = clock.nowMs() / 1000;
  const person = { email: 'ann@example.com', email_verified: true, groups: ['any', 'team'] };
  const claims = { iat: nowSec, exp: nowSec + 60, sub: 'build', ...person, ...payload };
  const token = readUnverifiedToken(await key.sign(claims));
  const verifier = verifiersWith(changes).find((each) => each.claims(token));
  const verdict = await verifier?.verify(token);
  return verdict?.kind === 'verified' ? verdict.token.principal : verdict?.reason;
}

describe('the verifiers of issuers', () => {
  const dex = { iss: 'https://dex.example' };

  test('take tokens for the own client of the provider, with all its people and groups', async () => {
    const ann = { userId: 'ann@example.com', groups: ['any', 'team'] };
    expect(await outcome({ ...dex, aud: 'kubeflow' })).toEqual(ann);
    expect(await outcome({ ...dex, aud: 'other' })).toBe('token_audience');
  });

  test('take tokens for the named clients of the provider instead', async () => {
    const changes = { provider: { ...provider, audiences: ['cli'] } };
    expect(await outcome({ ...dex, aud: 'cli' }, changes)).toMatchObject({
      userId: 'ann@example.com',
    });
    expect(await outcome({ ...dex, aud: 'kubeflow' }, changes)).toBe('token_audience');
  });

  test('leave the tokens of the provider to nobody where they are not wanted', async () => {
    const changes = { provider: { ...provider, enabled: false } };
    expect(await outcome({ ...dex, aud: 'kubeflow' }, changes)).toBeUndefined();
  });

  test('verify nothing of one issuer by the keys of another', async () => {
    expect(await outcome({ iss: 'https://ci.example', aud: 'kfgw' })).toBe('issuer_unavailable');
  });
});
