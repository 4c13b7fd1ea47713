// Tokens of the real Dex: as the provider that people sign in at, and as another issuer.
import { createServer } from 'node:https';
import { decodeProtectedHeader } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { readUnverifiedToken } from '../../src/identity/bearer/unverified-token.ts';
import type { TokenVerdict } from '../../src/identity/bearer/token-verifier.ts';
import {
  createIssuerVerifiers,
  type IssuerVerifierOptions,
  type TokenIssuerOptions,
} from '../../src/identity/issuers/create-issuer-verifiers.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { silentMetrics } from '../../src/kernel/metrics.ts';
import { defaultClaimRules } from '../fixtures/claim-rules.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import { grantTo } from '../fixtures/dex-grant.ts';
import { startEchoApplication } from '../fixtures/echo-application.ts';
import { startGateway } from '../fixtures/gateway-process.ts';
import { issuerKey } from '../fixtures/issuer-key.ts';
import { LoginUnderTest } from '../fixtures/login-under-test.ts';
import { closeServer, portOf } from '../fixtures/tcp-server.ts';
import { makeCertificate } from '../neighbours/certificate.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { kubeflowClient, kubeflowUser, type DexClient } from '../neighbours/dex-config.ts';
import { startDex, type Dex, type DexOptions } from '../neighbours/dex.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';

const ci: DexClient = { id: 'ci', secret: 'secret-of-ci', name: 'CI', redirectURIs: ['/x'] };
const HOUR_MS = 3_600_000;
const cleanups = new Cleanups();

afterEach(cleanups.run);

async function dexWith(options: DexOptions = {}): Promise<Dex> {
  const dex = await startDex({
    clients: [kubeflowClient, { ...ci, trustedPeers: [kubeflowClient.id] }],
    passwordConnector: 'local',
    ...options,
  });
  cleanups.add(() => dex.stop());
  return dex;
}

type Judge = (token: string) => Promise<TokenVerdict>;

interface Changes {
  readonly provider?: Partial<IssuerVerifierOptions['provider']>;
  readonly issuers?: readonly TokenIssuerOptions[];
}

/** With this Dex as the provider that people sign in at. */
async function judgeAt(dex: Dex, changes: Changes = {}): Promise<Judge> {
  const at = { issuer: dex.issuer, clientId: kubeflowClient.id };
  const gateway = new LoginUnderTest(kubeflowClient.secret, at);
  cleanups.add(() => {
    gateway[Symbol.dispose]();
  });
  if (dex.process.isRunning) await gateway.isReady();
  return judgeWith(changes, { at, keySet: gateway.login.keySet });
}

/** The verifiers as the gateway has them. */
function judgeWith(
  { provider, issuers = [] }: Changes,
  {
    at = { issuer: 'https://provider.example', clientId: '' },
    keySet = (): Promise<unknown> => Promise.reject(new Error('nobody is asked')),
  } = {},
): Judge {
  const verifiers = createIssuerVerifiers(
    {
      provider: { enabled: true, audiences: [], maxLifetimeMs: 24 * HOUR_MS, ...provider },
      issuers,
      ...{ clockToleranceMs: 30_000, cacheForMs: 300_000 },
      signIn: { ...at, claims: defaultClaimRules },
    },
    {
      ...{ clock: systemClock, logger: silentLogger, metrics: silentMetrics },
      providerKeySet: keySet,
    },
  );
  return (text) => {
    const token = readUnverifiedToken(text);
    const verifier = verifiers.find((each) => each.claims(token));
    if (verifier === undefined) throw new Error('nobody claims the token');
    return verifier.verify(token);
  };
}

const verifiedUser = { kind: 'verified', token: { principal: { userId: kubeflowUser.email } } };

describe.each(['2.45.1', '2026-08-06'] as const)('Dex %s', (version) => {
  describeWith([`dex-${version}`, 'etcd-3.6.16'], 'as the provider that people sign in at', () => {
    test('gives ID and access tokens that stand for the person', async () => {
      const dex = await dexWith({ version });
      const judge = await judgeAt(dex);
      const { idToken, accessToken } = await grantTo(dex, kubeflowClient);
      expect(await judge(idToken)).toMatchObject(verifiedUser);
      expect(await judge(accessToken)).toMatchObject(verifiedUser);
    });

    test('gives tokens to other clients, which are for them', async () => {
      const dex = await dexWith({ version });
      const judge = await judgeAt(dex);
      const { idToken, accessToken } = await grantTo(dex, ci);
      for (const token of [idToken, accessToken]) {
        expect(await judge(token)).toMatchObject({ kind: 'rejected', reason: 'token_audience' });
      }
      const lenient = await judgeAt(dex, { provider: { audiences: ['ci'] } });
      expect(await lenient(idToken)).toMatchObject(verifiedUser);
    });
  });
});

describeWith(['dex-2.45.1'], 'tokens of Dex', () => {
  test('that live longer than is accepted are refused', async () => {
    const dex = await dexWith();
    const judge = await judgeAt(dex, { provider: { maxLifetimeMs: HOUR_MS } });
    const { idToken } = await grantTo(dex, kubeflowClient);
    expect(await judge(idToken)).toMatchObject({ kind: 'rejected', reason: 'token_lifetime' });
  });

  test('by new keys are taken at once when Dex rotates them, and so are the older ones', async () => {
    const dex = await dexWith({ expiry: { signingKeys: '1s' } });
    const judge = await judgeAt(dex);
    const { idToken: old } = await grantTo(dex, kubeflowClient);
    expect(await judge(old)).toMatchObject(verifiedUser);
    const { kid } = decodeProtectedHeader(old);
    // Dex looks whether keys are due every 30 s (server/server.go: startKeyRotation).
    const rotated = await pollUntil(
      'Dex signs with a new key',
      async () => {
        const { idToken } = await grantTo(dex, kubeflowClient);
        return decodeProtectedHeader(idToken).kid === kid ? undefined : idToken;
      },
      { withinMs: 60_000, everyMs: 500 },
    );
    expect(await judge(rotated)).toMatchObject(verifiedUser);
    expect(await judge(old)).toMatchObject(verifiedUser);
  });

  test('are taken while Dex is down; what would need its answer is neither taken nor refused', async () => {
    const dex = await dexWith();
    const judge = await judgeAt(dex);
    const { idToken, accessToken } = await grantTo(dex, kubeflowClient);
    expect(await judge(idToken)).toMatchObject(verifiedUser);
    await dex.process.end();
    expect(await judge(accessToken)).toMatchObject(verifiedUser);
    const unknown = await issuerKey('new', 'RS256').sign({ iss: dex.issuer });
    const unavailable = { kind: 'unavailable', reason: 'issuer_unavailable' };
    expect(await judge(unknown)).toMatchObject(unavailable);
    const late = await judgeAt(dex);
    expect(await late(idToken)).toMatchObject(unavailable);
    // Its memory is gone, and with it its keys: what it signs now is taken as soon as it is known again.
    await dex.process.restart();
    const { idToken: fresh } = await grantTo(dex, kubeflowClient);
    await pollUntil('the new keys are known', async () => (await late(fresh)).kind === 'verified');
    expect(await late(idToken)).toMatchObject({ kind: 'rejected', reason: 'invalid_token' });
  });

  test('as another issuer stand for its own people only', async () => {
    const dex = await dexWith();
    const elsewhere = await dexWith({ users: [{ ...kubeflowUser, groups: ['team', 'admins'] }] });
    const issuer = issuerAt(elsewhere.issuer, {
      claims: { ...defaultClaimRules, userPrefix: 'ci:', groupsPrefix: 'ci-' },
      users: ['*@example.com'],
      groups: ['ci-team'],
    });
    const judge = await judgeAt(dex, { issuers: [issuer] });
    const { idToken } = await grantTo(elsewhere, ci);
    expect(await judge(idToken)).toMatchObject({
      token: { principal: { userId: 'ci:user@example.com', groups: ['ci-team'] } },
    });
    const strict = await judgeAt(dex, { issuers: [{ ...issuer, users: ['ci:bot@example.com'] }] });
    expect(await strict(idToken)).toMatchObject({ kind: 'rejected', reason: 'token_user_refused' });
  });

  test('reach an application through the gateway, which sends nobody with a bad one to the login', async () => {
    const dex = await dexWith();
    const application = await startEchoApplication();
    cleanups.add(() => application[Symbol.asyncDispose]());
    const gateway = await startGateway({ dex, application: application.port });
    cleanups.add(() => gateway.stop());
    const ask = async (token: string): Promise<Response> => {
      const headers = { authorization: `Bearer ${token}`, accept: 'text/html' };
      return fetch(`${gateway.url}/echo`, { headers, redirect: 'manual' });
    };
    const { accessToken } = await grantTo(dex, kubeflowClient);
    expect((await ask(accessToken)).status).toBe(200);
    const [arrival] = application.arrivals;
    const names = arrival?.headers.map(([name]) => name);
    expect(names).toContain('kubeflow-userid');
    expect(names).not.toContain('authorization');
    const { accessToken: wrong } = await grantTo(dex, ci);
    const refused = await ask(wrong);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
    await dex.process.end();
    const unknown = await ask(await issuerKey('new', 'RS256').sign({ iss: dex.issuer }));
    expect(unknown.status).toBe(503);
    expect(Number(unknown.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describeWith(['openssl'], 'an issuer with a certificate of its own', () => {
  test('is asked for its keys where its authority is named, and not otherwise', async () => {
    const directory = await makeScratchDirectory('token-issuer');
    cleanups.add(() => removeScratchDirectory(directory));
    const { certFile, cert, key } = await makeCertificate(directory);
    const signer = issuerKey('one', 'RS256');
    const server = createServer({ cert, key }, (_req, res) => {
      res.end(JSON.stringify({ keys: [signer.jwk] }));
    });
    const keySetUrl = `https://127.0.0.1:${await portOf(server)}/keys`;
    cleanups.add(() => closeServer(server));
    const nowSec = Math.floor(systemClock.nowMs() / 1000);
    const token = await signer.sign({
      ...{ iss: 'https://ci.example', aud: 'ci', sub: 'build', iat: nowSec, exp: nowSec + 60 },
    });
    const judgeBy = (caFile: string | undefined): Judge => {
      const keys = {
        source: 'url',
        keySetUrl,
        caFile,
        timeoutMs: 2_000,
        insecureHttp: false,
      } as const;
      return judgeWith({ issuers: [issuerAt('https://ci.example', { keys })] });
    };
    expect(await judgeBy(certFile)(token)).toMatchObject({ kind: 'verified' });
    expect(await judgeBy(undefined)(token)).toMatchObject({ kind: 'unavailable' });
  });
});

function issuerAt(issuer: string, changes: Partial<TokenIssuerOptions> = {}): TokenIssuerOptions {
  return {
    ...{ issuer, audiences: ['ci'], algorithms: ['RS256'], maxLifetimeMs: 24 * HOUR_MS },
    keys: { source: 'discovery', timeoutMs: 2_000, insecureHttp: true },
    ...{ claims: { ...defaultClaimRules, user: 'sub' }, users: ['build'], groups: [] },
    ...changes,
  };
}
