import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { AssertionSubject } from './assertion-signer.ts';
import { generateKeys } from './generated-keys.ts';
import { keySetJson } from './jwks.ts';
import { KeyRing } from './key-ring.ts';
import { createAssertionSigner } from './session-jwt.ts';

const options = {
  issuer: 'https://gateway.example.com',
  audience: 'kubeflow',
  lifetimeMs: 300_000,
};
const delays = { activationDelayMs: 600_000, publishDelayMs: 1_500_000 };
const subject: AssertionSubject = {
  principal: { userId: 'user@example.com', groups: ['ml', 'cn=data science'] },
  email: 'user@example.com',
  handle: 'handle-1',
  authTimeSec: 1_799_999_000,
};

async function setUp(nowMs = 1_800_000_000_500) {
  const clock = new FakeClock(nowMs);
  const ring = new KeyRing(await generateKeys(clock, systemRandom), delays, clock);
  const signer = createAssertionSigner(options, { keys: ring, clock, random: systemRandom });
  const verify = async (token: string) => {
    const keySet = createLocalJWKSet(JSON.parse(keySetJson(ring)) as JSONWebKeySet);
    const { payload } = await jwtVerify(token, keySet, {
      ...options,
      algorithms: ['ES256'],
      typ: 'kfgw-session+jwt',
      currentDate: new Date(clock.nowMs()),
    });
    return payload;
  };
  return { clock, ring, signer, verify };
}

describe('a session JWT', () => {
  test('verifies against the published key set and holds exactly these claims', async () => {
    const { signer, verify } = await setUp();
    const { token, expiresAtMs } = signer(subject);
    expect(expiresAtMs).toBe(1_800_000_300_000);
    expect(await verify(token)).toEqual({
      iss: 'https://gateway.example.com',
      aud: 'kubeflow',
      sub: 'user@example.com',
      email: 'user@example.com',
      groups: ['ml', 'cn=data science'],
      kubeflow_userid: 'user@example.com',
      kubeflow_groups: 'ml,cn=data science',
      sid: 'handle-1',
      auth_time: 1_799_999_000,
      jti: expect.stringMatching(/^[\w-]{22}$/) as unknown,
      iat: 1_800_000_000,
      exp: 1_800_000_300,
    });
  });

  test('has a type of its own and names its key by thumbprint', async () => {
    const { signer, ring } = await setUp();
    expect(decodeProtectedHeader(signer(subject).token)).toEqual({
      alg: 'ES256',
      typ: 'kfgw-session+jwt',
      kid: ring.signingKey().publicJwk.kid,
    });
  });

  test('has no kubeflow_groups without groups, and no email without one', async () => {
    const { signer, verify } = await setUp();
    const principal = { userId: 'somebody', groups: [] };
    const payload = await verify(signer({ ...subject, principal, email: undefined }).token);
    expect(payload).toMatchObject({ groups: [], kubeflow_userid: 'somebody' });
    expect(payload).not.toHaveProperty('kubeflow_groups');
    expect(payload).not.toHaveProperty('email');
  });

  test('carries names outside ASCII unchanged', async () => {
    const { signer, verify } = await setUp();
    const principal = { userId: 'jörg@example.com', groups: ['Ärzte 🩺'] };
    expect(await verify(signer({ ...subject, principal }).token)).toMatchObject({
      kubeflow_userid: 'jörg@example.com',
      kubeflow_groups: 'Ärzte 🩺',
    });
  });

  test('has an identifier that no other has', async () => {
    const { signer, verify } = await setUp();
    const [first, second] = [
      await verify(signer(subject).token),
      await verify(signer(subject).token),
    ];
    expect(first.jti).not.toBe(second.jti);
  });

  test('is refused after its lifetime, and after a change of one character', async () => {
    const { clock, signer, verify } = await setUp();
    const { token } = signer(subject);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const forged = Buffer.from(
      Buffer.from(payload, 'base64url').toString().replace('user@', 'root@'),
    ).toString('base64url');
    await expect(verify(`${header}.${forged}.${signature}`)).rejects.toThrow('signature');
    await clock.advance(300_000);
    await expect(verify(token)).rejects.toThrow('"exp"');
  });
});
