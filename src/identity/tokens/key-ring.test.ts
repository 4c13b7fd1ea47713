import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import { Secret } from '../../kernel/secret.ts';
import { keySetJson } from './jwks.ts';
import { KeyRing } from './key-ring.ts';
import type { SecretKey } from './secret-key.ts';
import { newSigningKeyPem, readSigningKey } from './signing-key.ts';

const START_MS = Date.parse('2026-11-21T10:00:00Z');
const delays = { activationDelayMs: 10 * MINUTE_MS, publishDelayMs: 25 * MINUTE_MS };

function secretKey(atMinute: number): SecretKey {
  return { createdAtMs: START_MS + atMinute * MINUTE_MS, secret: new Secret(Buffer.alloc(32)) };
}

async function signingKey(atMinute: number) {
  return readSigningKey(newSigningKeyPem(), START_MS + atMinute * MINUTE_MS);
}

/** A ring that sees the keys made at these minutes, and a clock at minute 0. */
async function ringOf(minutes: readonly number[]) {
  const clock = new FakeClock(START_MS);
  const signing = await Promise.all(minutes.map(signingKey));
  const secrets = minutes.map(secretKey);
  const ring = new KeyRing({ cookie: secrets, record: secrets, signing }, delays, clock);
  const states = () =>
    signing.map((key) => ring.signingKeys().find((each) => each.key === key)?.state);
  const published = () => (JSON.parse(keySetJson(ring)) as { keys: { kid: string }[] }).keys.length;
  return { clock, ring, signing, secrets, states, published };
}

describe('signing keys', () => {
  test('sign at once when there is only one', async () => {
    const { ring, signing, states } = await ringOf([0]);
    expect(ring.signingKey()).toBe(signing[0]);
    expect(states()).toEqual(['signing']);
  });

  test('are published, sign after the publish delay, and stay published after they are replaced', async () => {
    const { clock, states, published } = await ringOf([-600, 0]);
    expect(states()).toEqual(['signing', 'published']);
    await clock.advance(25 * MINUTE_MS - 1);
    expect(states()).toEqual(['signing', 'published']);
    await clock.advance(1);
    expect(states()).toEqual(['published', 'signing']);
    expect(published()).toBe(2);
    // A lagging replica may sign with the old key for another delay; its last JWT lives 5 minutes.
    await clock.advance((25 + 5 + 1) * MINUTE_MS - 1);
    expect(states()).toEqual(['published', 'signing']);
    await clock.advance(1);
    expect(states()).toEqual(['retired', 'signing']);
    expect(published()).toBe(1);
  });

  test('that are both too young leave signing to the older one', async () => {
    const { clock, states } = await ringOf([-1, 0]);
    expect(states()).toEqual(['signing', 'published']);
    await clock.advance(25 * MINUTE_MS);
    expect(states()).toEqual(['published', 'signing']);
  });

  test('of a replica whose mount lags are published by all others for as long as its JWTs live', async () => {
    const { clock, ring, signing, published } = await ringOf([-600, 0]);
    const [oldest] = signing;
    const lagging = new KeyRing(
      { cookie: [], record: [], signing: oldest === undefined ? [] : [oldest] },
      delays,
      clock,
    );
    // The lagging replica sees the new key only just before the others stop waiting for it.
    await clock.advance(49 * MINUTE_MS);
    const kid = lagging.signingKey().publicJwk.kid;
    await clock.advance(5 * MINUTE_MS);
    expect(keySetJson(ring)).toContain(kid);
    expect(published()).toBe(2);
  });

  test('never leave the key set empty, at any minute of a rotation', async () => {
    const { clock, ring, published } = await ringOf([-60, 0, 30]);
    for (let minute = 0; minute < 120; minute++) {
      expect(keySetJson(ring)).toContain(ring.signingKey().publicJwk.kid);
      expect(published()).toBeGreaterThan(0);
      await clock.advance(MINUTE_MS);
    }
  });
});

describe('cookie and record keys', () => {
  test('write only after the activation delay, and are readable at once', async () => {
    const { clock, ring, secrets } = await ringOf([-600, 0]);
    const [older, newer] = secrets.map(({ secret }) => secret);
    expect(ring.cookieKeys()).toEqual([older, newer]);
    expect(ring.recordKeys()[0]).toBe(older);
    await clock.advance(10 * MINUTE_MS);
    expect(ring.cookieKeys()[0]).toBe(newer);
    expect(ring.recordKeys()[0]).toBe(newer);
    expect(ring.recordKeys()).toContain(older);
  });

  test('that are reloaded count at the next use', async () => {
    const { ring, signing } = await ringOf([0]);
    const reloaded = secretKey(0);
    ring.replaceKeys({ cookie: [reloaded], record: [reloaded], signing });
    expect(ring.cookieKeys()).toEqual([reloaded.secret]);
  });
});
