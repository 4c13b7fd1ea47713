import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerJson } from '../../../test/fixtures/json-answer.ts';
import { LoginUnderTest } from '../../../test/fixtures/login-under-test.ts';
import {
  startOpenidProvider,
  TEST_REDIRECT_URI,
  type OpenidProvider,
} from '../../../test/fixtures/openid-provider.ts';
import type { CompleteLogin } from './login-flow.ts';

let provider: OpenidProvider;
let gateway: LoginUnderTest;

beforeAll(async () => {
  provider = await startOpenidProvider();
  const { issuer, clientId, clientSecret } = provider;
  const redirectUri = TEST_REDIRECT_URI;
  gateway = new LoginUnderTest(clientSecret, { issuer, clientId, redirectUri });
  await gateway.isReady();
});

afterAll(async () => {
  gateway[Symbol.dispose]();
  await provider[Symbol.asyncDispose]();
});

beforeEach(() => {
  provider.tap = () => false;
});

function reasonOf(outcome: CompleteLogin): string {
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind;
}

describe('an ID token', () => {
  type Forge = (claims: JWTPayload) => Promise<string> | string;

  async function withIdToken(forge: Forge): Promise<string> {
    const browser = gateway.browser();
    const location = await browser.begin();
    const callback = await provider.signIn(location);
    const now = Math.floor(Date.now() / 1_000);
    const idToken = await forge({
      iss: provider.issuer,
      aud: provider.clientId,
      sub: provider.person.sub,
      iat: now,
      exp: now + 300,
      nonce: new URL(location).searchParams.get('nonce') ?? '',
      ...provider.person.claims,
    });
    provider.tap = (req, res) =>
      req.url === '/token' &&
      answerJson(res, 200, { access_token: 'a', token_type: 'Bearer', id_token: idToken });
    return reasonOf(await browser.complete(callback));
  }

  const without = (claims: JWTPayload, name: string): JWTPayload =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  async function publicKeys(): Promise<readonly Buffer[]> {
    const answer = await fetch(`${provider.issuer}/jwks`);
    const { keys } = (await answer.json()) as { keys: [JsonWebKey] };
    const key = createPublicKey({ key: keys[0], format: 'jwk' });
    return [
      Buffer.from(key.export({ type: 'spki', format: 'pem' })),
      Buffer.from(key.export({ type: 'pkcs1', format: 'pem' })),
      key.export({ type: 'spki', format: 'der' }),
      Buffer.from(JSON.stringify(keys[0])),
    ];
  }

  it('signed by the provider for us is accepted', async () => {
    expect(await withIdToken((claims) => provider.sign(claims))).toBe('completed');
    const audiences = { aud: ['other', 'kubeflow'], azp: 'kubeflow' };
    expect(await withIdToken((claims) => provider.sign({ ...claims, ...audiences }))).toBe(
      'completed',
    );
  });

  it.each<[string, Forge]>([
    ['with another nonce', (claims) => provider.sign({ ...claims, nonce: 'other' })],
    ['without a nonce', (claims) => provider.sign(without(claims, 'nonce'))],
    ['of another issuer', (claims) => provider.sign({ ...claims, iss: 'https://evil.example' })],
    ['for another client', (claims) => provider.sign({ ...claims, aud: 'other' })],
    ['issued to another client', (claims) => provider.sign({ ...claims, azp: 'other' })],
    ['for us and others', (claims) => provider.sign({ ...claims, aud: ['kubeflow', 'other'] })],
    ['that has expired', (claims) => provider.sign({ ...claims, exp: 1_700_000_000 })],
    ['without an end', (claims) => provider.sign(without(claims, 'exp'))],
    ['without a subject', (claims) => provider.sign(without(claims, 'sub'))],
    ['not yet valid', (claims) => provider.sign({ ...claims, nbf: 4_000_000_000 })],
    ['of a key nobody knows', (claims) => provider.sign(claims, { kid: 'other' })],
    ['with an extension', (claims) => provider.sign(claims, { crit: ['b64'], b64: true })],
    ['without a signature', (claims) => `${base64({ alg: 'none' })}.${base64(claims)}.`],
    ['of algorithm NONE', (claims) => `${base64({ alg: 'NONE' })}.${base64(claims)}.`],
    [
      'whose signature is of another token',
      async (claims) => {
        const [header, , signature] = (await provider.sign({ ...claims, sub: 'x' })).split('.');
        return `${header ?? ''}.${base64(claims)}.${signature ?? ''}`;
      },
    ],
    [
      'signed by a stranger under the provider’s key id',
      async (claims) => {
        await using stranger = await startOpenidProvider({ hasOwnKey: true });
        return await stranger.sign(claims);
      },
    ],
    ['that is not a token', () => 'x.y.z'],
    ['that is empty', () => ''],
  ])('%s is refused', async (_name, forge) => {
    expect(await withIdToken(forge)).toBe('login_failed');
  });

  it('with the provider’s public key as an HMAC secret is refused', async () => {
    for (const secret of await publicKeys()) {
      const forge: Forge = (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'test-key' }).sign(secret);
      expect(await withIdToken(forge)).toBe('login_failed');
    }
  });

  it('that is missing is refused', async () => {
    const browser = gateway.browser();
    const callback = await provider.signIn(await browser.begin());
    provider.tap = (req, res) =>
      req.url === '/token' && answerJson(res, 200, { access_token: 'a', token_type: 'Bearer' });
    expect(reasonOf(await browser.complete(callback))).toBe('login_failed');
  });
});
