import { beforeEach, describe, expect, it } from 'vitest';
import {
  AccountCluster,
  EDITOR,
  EDITOR_ID,
  editorClaims,
} from '../../../test/fixtures/account-cluster.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { issuerKey } from '../../../test/fixtures/issuer-key.ts';
import { pollUntil } from '../../../test/neighbours/poll-until.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import type { TokenVerdict, VerifiedToken } from '../bearer/token-verifier.ts';
import { readUnverifiedToken } from '../bearer/unverified-token.ts';
import { ServiceAccountVerifier, type ServiceAccountOptions } from './service-account-verifier.ts';

const OPTIONS: ServiceAccountOptions = {
  issuers: ['https://kubernetes.default.svc', 'https://kubernetes.default.svc.cluster.local'],
  audiences: ['kubeflow-auth-gateway', 'second'],
  pipelinesAudience: false,
  reviewEveryMs: 60_000,
  maxLifetimeMs: 86_400_000,
  clockToleranceMs: 30_000,
};
const LEGACY = {
  iss: 'kubernetes/serviceaccount',
  'kubernetes.io/serviceaccount/namespace': 'team-a',
  'kubernetes.io/serviceaccount/secret.name': 'old-token',
  'kubernetes.io/serviceaccount/service-account.name': 'default-editor',
  'kubernetes.io/serviceaccount/service-account.uid': 'uid-1',
  sub: 'system:serviceaccount:team-a:default-editor',
};

let clock: FakeClock;
let cluster: AccountCluster;
let verifier: ServiceAccountVerifier;
const warnings: string[] = [];

beforeEach(() => {
  clock = new FakeClock();
  cluster = new AccountCluster();
  warnings.length = 0;
  verifier = verifierWith();
});

function verifierWith(changes: Partial<ServiceAccountOptions> = {}): ServiceAccountVerifier {
  const logger = {
    ...silentLogger,
    warn: (message: string) => {
      warnings.push(message);
    },
  };
  return new ServiceAccountVerifier(
    { ...OPTIONS, ...changes },
    { cluster, clock, logger, metrics: silentMetrics },
  );
}

type Changes = Readonly<Record<string, unknown>>;

const signed = (changes: Changes = {}) => cluster.key.sign(editorClaims(clock.nowMs(), changes));
const verify = (text: string, by = verifier) => by.verify(readUnverifiedToken(text));
const judged = async (changes: Changes = {}) => verify(await signed(changes));

function tokenIn(verdict: TokenVerdict): VerifiedToken {
  if (verdict.kind !== 'verified') throw new Error(JSON.stringify(verdict));
  return verdict.token;
}

describe('a service-account token', () => {
  it('stands for the account that it names, without the groups that Kubernetes adds by itself', async () => {
    const verdict = await judged();
    expect(tokenIn(verdict)).toMatchObject({
      handle: '1b26cd5d-588f-4bf6-b472-c1b55c76c0df',
      principal: { userId: 'system:serviceaccount:team-a:default-editor', groups: [] },
      email: undefined,
      authTimeSec: clock.nowMs() / 1000,
      expiresAtMs: clock.nowMs() + 3_600_000 + 30_000,
      freshForMs: 60_000,
      scope: undefined,
    });
    expect(cluster.reviewed).toEqual([['kubeflow-auth-gateway']]);
  });

  it('has a handle of its own where the cluster gives it none', async () => {
    const { handle } = tokenIn(await judged({ jti: undefined }));
    expect(handle).toMatch(/^[\w-]{22}$/);
    expect(tokenIn(await judged({ jti: 'admin says: ok' })).handle).toMatch(/^[\w-]{22}$/);
  });

  it('may name any of the audiences, and others beside', async () => {
    expect(await judged({ aud: 'second' })).toMatchObject({ kind: 'verified' });
    expect(await judged({ aud: ['x', 'second'] })).toMatchObject({ kind: 'verified' });
    expect(cluster.reviewed).toEqual([['second'], ['second']]);
  });

  it.each([
    ['of the API server itself', ['https://kubernetes.default.svc']],
    ['of nobody', []],
    ['in other letters', ['Kubeflow-Auth-Gateway']],
    ['that is no text', [['kubeflow-auth-gateway']]],
  ])('for the audience %s is refused before anybody is asked', async (_, aud) => {
    const verdict = await judged({ aud });
    expect(verdict).toMatchObject({ kind: 'rejected', reason: 'token_audience' });
    expect(cluster.reviewed).toEqual([]);
  });

  it.each<[string, string, Changes]>([
    ['that has expired', 'token_expired', { exp: 1_799_999_970, iat: 1_799_999_000 }],
    ['that never expires', 'token_lifetime', { exp: undefined }],
    ['that a pod gets by default, for a year', 'token_lifetime', { exp: 1_831_536_000 }],
    ['of another cluster', 'invalid_token', { iss: 'https://oidc.eks.example/id/AB' }],
    ['without an issuer', 'invalid_token', { iss: undefined }],
    ['without its private claim', 'invalid_token', { 'kubernetes.io': undefined }],
    ['whose subject is another account', 'invalid_token', { sub: 'system:serviceaccount:b:c' }],
    ['of a person', 'invalid_token', { sub: 'ann@example.com' }],
  ])('%s is refused before anybody is asked', async (_, reason, changes) => {
    expect(await judged(changes)).toMatchObject({ kind: 'rejected', reason });
    expect(cluster.reviewed).toEqual([]);
  });

  it('may be as late as clocks may be off', async () => {
    const exp = clock.nowMs() / 1000 - 29;
    expect(await judged({ exp, iat: exp - 600 })).toMatchObject({ kind: 'verified' });
  });

  it('is not asked about where its signature is wrong, and nothing else of it is told', async () => {
    const other = issuerKey('cluster-1', 'RS256');
    const forged = await other.sign(editorClaims(clock.nowMs(), { aud: 'x', exp: 1 }));
    expect(await verify(forged)).toMatchObject({ kind: 'rejected', reason: 'invalid_token' });
    expect(await verify('kfgw_abc')).toMatchObject({ kind: 'rejected', reason: 'invalid_token' });
    expect(cluster.reviewed).toEqual([]);
  });

  it.each(['RS384', 'PS256', 'EdDSA'])(
    'is refused with %s, which no cluster signs with',
    async (alg) => {
      const key = issuerKey('other', alg);
      cluster.keys.push(key);
      expect(await verify(await key.sign(editorClaims(clock.nowMs())))).toMatchObject({
        kind: 'rejected',
        reason: 'invalid_token',
      });
    },
  );

  it.each(['ES256', 'ES384', 'ES512'])('is taken with %s', async (alg) => {
    const key = issuerKey('other', alg);
    cluster.keys.push(key);
    const verdict = await verify(await key.sign(editorClaims(clock.nowMs())));
    expect(verdict).toMatchObject({ kind: 'verified' });
  });

  it('of a Secret is refused once its signature is good, since it never ends', async () => {
    const token = await cluster.key.sign(LEGACY);
    expect(verifier.claims(readUnverifiedToken(token))).toBe(true);
    expect(await verify(token)).toMatchObject({ kind: 'rejected', reason: 'token_lifetime' });
    const forged = await issuerKey('cluster-1', 'RS256').sign(LEGACY);
    expect(await verify(forged)).toMatchObject({ kind: 'rejected', reason: 'invalid_token' });
  });

  it('of a Secret is refused although it says when it ends and whom it is for', async () => {
    const verdict = await judged({ iss: LEGACY.iss });
    expect(verdict).toMatchObject({ kind: 'rejected', reason: 'token_lifetime' });
  });
});

describe('the issuer of a service-account token', () => {
  const NAMED = 'https://oidc.example/cluster-1';

  it('may be any of those that are configured, without a question', async () => {
    for (const iss of OPTIONS.issuers)
      expect(await judged({ iss })).toMatchObject({ kind: 'verified' });
    expect(cluster.issuerQuestions).toBe(0);
  });

  it('may be what the API server calls itself, which is asked for once', async () => {
    cluster.named = NAMED;
    const verdicts = await Promise.all([judged({ iss: NAMED }), judged({ iss: NAMED })]);
    expect(verdicts.map(({ kind }) => kind)).toEqual(['verified', 'verified']);
    expect(await judged({ iss: NAMED })).toMatchObject({ kind: 'verified' });
    expect(cluster.issuerQuestions).toBe(1);
  });

  it('stays good after the API server has another name', async () => {
    cluster.named = NAMED;
    await judged({ iss: NAMED });
    cluster.named = 'https://new.example';
    await clock.advance(10_000);
    expect(await judged({ iss: 'https://new.example' })).toMatchObject({ kind: 'verified' });
    expect(await judged({ iss: NAMED })).toMatchObject({ kind: 'verified' });
  });

  it('is asked for once in ten seconds, however many foreign tokens come', async () => {
    cluster.named = undefined;
    for (let at = 0; at < 100; at++) {
      const verdict = await judged({ iss: `https://${at}.example` });
      expect(verdict).toMatchObject({ kind: 'rejected', reason: 'invalid_token' });
    }
    expect(cluster.issuerQuestions).toBe(1);
    await clock.advance(10_000);
    await judged({ iss: NAMED });
    expect(cluster.issuerQuestions).toBe(2);
    expect(cluster.keyFetches).toBe(0);
  });

  it('is neither good nor bad while the API server cannot be asked', async () => {
    cluster.state = 'down';
    const verdict = { kind: 'unavailable', reason: 'issuer_unavailable' };
    for (let at = 0; at < 10; at++) expect(await judged({ iss: NAMED })).toMatchObject(verdict);
    expect(cluster.issuerQuestions).toBe(1);
    expect(warnings).toHaveLength(1);
    cluster.state = 'up';
    cluster.named = NAMED;
    await clock.advance(1_000);
    expect(await judged({ iss: NAMED })).toMatchObject({ kind: 'verified' });
  });

  it('or a subject that is a service account makes a token one of the cluster', async () => {
    const claimed = async (changes: Changes) =>
      verifier.claims(readUnverifiedToken(await signed(changes)));
    expect(await claimed({})).toBe(true);
    expect(await claimed({ sub: 'somebody' })).toBe(true);
    expect(await claimed({ iss: NAMED })).toBe(true);
    expect(await claimed({ iss: NAMED, sub: 'somebody' })).toBe(false);
    expect(await claimed({ iss: undefined, sub: undefined })).toBe(false);
    expect(verifier.claims(readUnverifiedToken('kfgw_abc'))).toBe(false);
  });
});

describe('the audience of Pipelines', () => {
  const aud = ['pipelines.kubeflow.org'];

  it('is refused where it is not switched on', async () => {
    expect(await judged({ aud })).toMatchObject({ kind: 'rejected', reason: 'token_audience' });
  });

  it('reaches Pipelines alone', async () => {
    const verdict = await verify(await signed({ aud }), verifierWith({ pipelinesAudience: true }));
    expect(tokenIn(verdict).scope).toEqual({
      effect: 'write',
      classes: new Set(['pipelines']),
      namespaces: undefined,
      allMyPipelines: false,
    });
    expect(cluster.reviewed).toEqual([aud]);
  });

  it("limits nothing beside the gateway's own, which the API server must have confirmed", async () => {
    const both = await signed({ aud: [...aud, 'kubeflow-auth-gateway'] });
    const open = verifierWith({ pipelinesAudience: true });
    expect(tokenIn(await verify(both, open)).scope).toBeUndefined();
    const { uid } = EDITOR;
    cluster.outcome = { kind: 'authenticated', username: EDITOR_ID, uid, audiences: aud };
    expect(tokenIn(await verify(both, open)).scope?.classes).toEqual(new Set(['pipelines']));
  });
});

describe('without an answer of the API server a service-account token', () => {
  it('is neither good nor bad after two seconds', async () => {
    await judged();
    cluster.state = 'silent';
    const asked = judged();
    await pollUntil('asked', () => cluster.reviewed.length === 2);
    await clock.advance(2_000);
    expect(await asked).toMatchObject({
      ...{ kind: 'unavailable', reason: 'token_review_unavailable' },
    });
    expect(warnings).toHaveLength(1);
  });

  it('is not reviewed where there are no keys to verify its signature by', async () => {
    cluster.state = 'down';
    expect(await judged()).toMatchObject({ kind: 'unavailable', reason: 'issuer_unavailable' });
    expect(cluster.reviewed).toEqual([]);
  });
});
