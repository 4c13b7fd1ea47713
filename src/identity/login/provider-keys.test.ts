import { compactVerify, exportJWK, generateKeyPair, SignJWT, type CompactVerifyGetKey } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { ProviderUnreachable } from './bounded-fetch.ts';
import { ProviderKeys } from './provider-keys.ts';

const clock = new FakeClock();
let published: unknown;
let asked: number;
let keys: ProviderKeys;

async function newKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const sign = () => new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' }, token: await sign() };
}

async function accepts(token: string, getKey: CompactVerifyGetKey): Promise<boolean> {
  return compactVerify(token, getKey).then(
    () => true,
    () => false,
  );
}

beforeEach(() => {
  published = undefined;
  asked = 0;
  keys = new ProviderKeys(
    'https://provider.example/keys',
    () => {
      asked += 1;
      if (published === undefined) return Promise.reject(new ProviderUnreachable('down'));
      return Promise.resolve(Response.json(published));
    },
    clock,
  );
});

describe('keys of the provider', () => {
  it('are asked for once by many who need them at once', async () => {
    const { jwk, token } = await newKey('a');
    published = { keys: [jwk] };
    const verified = Array.from({ length: 20 }, () => accepts(token, keys.forSentToken));
    expect((await Promise.all(verified)).every(Boolean)).toBe(true);
    expect(asked).toBe(1);
  });

  it('stay in force while the provider is down or publishes nothing of use', async () => {
    const { jwk, token } = await newKey('a');
    published = { keys: [jwk] };
    await keys.reload();
    for (const bad of [undefined, { keys: [] }, { keys: 1 }, 'text', null]) {
      published = bad;
      await expect(keys.reload()).rejects.toThrow(ProviderUnreachable);
      expect(await accepts(token, keys.forSentToken)).toBe(true);
    }
  });

  it('are forgotten when the provider takes them back', async () => {
    const [old, next] = [await newKey('a'), await newKey('b')];
    published = { keys: [old.jwk] };
    await keys.reload();
    published = { keys: [next.jwk] };
    await keys.reload();
    expect(await accepts(old.token, keys.forSentToken)).toBe(false);
  });

  it('that are new are found at once for a direct token, and after a cool-down for a sent one', async () => {
    const [a, b, c] = [await newKey('a'), await newKey('b'), await newKey('c')];
    published = { keys: [a.jwk] };
    await keys.reload();
    published = { keys: [a.jwk, b.jwk] };
    expect(await accepts(b.token, keys.forSentToken)).toBe(false);
    expect(await accepts(b.token, keys.forDirectToken)).toBe(true);
    published = { keys: [c.jwk] };
    await clock.advance(29_999);
    expect(await accepts(c.token, keys.forSentToken)).toBe(false);
    await clock.advance(1);
    expect(await accepts(c.token, keys.forSentToken)).toBe(true);
    expect(asked).toBe(3);
  });

  it('are told as published now, and are the ones in force from then on', async () => {
    const [old, next] = [await newKey('a'), await newKey('b')];
    published = { keys: [old.jwk] };
    await keys.reload();
    published = { keys: [next.jwk] };
    expect(await keys.published()).toEqual(published);
    expect(await accepts(next.token, keys.forSentToken)).toBe(true);
    published = undefined;
    await expect(keys.published()).rejects.toThrow(ProviderUnreachable);
    expect(asked).toBe(3);
  });

  it('are not asked for again and again while the provider is down', async () => {
    const [a, b] = [await newKey('a'), await newKey('b')];
    published = { keys: [a.jwk] };
    await keys.reload();
    published = undefined;
    await clock.advance(60_000);
    for (let n = 0; n < 50; n += 1) await accepts(b.token, keys.forSentToken);
    expect(asked).toBe(2);
  });
});
