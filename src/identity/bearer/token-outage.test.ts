// What becomes of tokens while their verifier cannot tell, and afterwards.
import { beforeEach, describe, expect, test } from 'vitest';
import { TokenBed } from '../../../test/fixtures/token-bed.ts';

const MINUTE_MS = 60_000;
const OUTAGE_BOUND_MS = 15 * MINUTE_MS;
const good = { kind: 'authenticated' };
const down = { kind: 'unavailable', reason: 'token_review_unavailable', retryAfterSec: 7 };
const faulty = { kind: 'unavailable', reason: 'token_store_unavailable' };
const revoked = { kind: 'rejected', reason: 'token_revoked' };

let bed: TokenBed;
beforeEach(async () => {
  bed = new TokenBed();
  bed.issuer.accept('a1');
  await bed.ask('a1');
});

/** A request a second, as a busy notebook makes them; tells the answers by kind. */
async function useFor(ms: number): Promise<Readonly<Record<string, number>>> {
  const tally: Record<string, number> = {};
  for (let passed = 0; passed < ms; passed += 1_000) {
    await bed.clock.advance(1_000);
    const { kind } = await bed.ask('a1');
    tally[kind] = (tally[kind] ?? 0) + 1;
  }
  return tally;
}

describe('while a verifier is down', () => {
  beforeEach(() => {
    bed.issuer.state = 'down';
  });

  test('an unknown token is neither granted nor refused, and never remembered as either', async () => {
    bed.issuer.accept('a2');
    expect(await bed.ask('a2')).toEqual(down);
    bed.issuer.state = 'up';
    expect(await bed.ask('a2')).toMatchObject(good);
  });

  test('a known token goes on for the outage bound, and not longer', async () => {
    expect(await useFor(MINUTE_MS + OUTAGE_BOUND_MS - 20_000)).toEqual({ authenticated: 940 });
    await bed.clock.advance(20_000);
    expect(await bed.ask('a1')).toEqual(down);
  });

  test('a token that was not used for long has no outage bound left', async () => {
    await bed.clock.advance(MINUTE_MS + OUTAGE_BOUND_MS);
    expect(await bed.ask('a1')).toEqual(down);
  });

  test('a known token still ends at its own end', async () => {
    await useFor(59 * MINUTE_MS);
    bed = new TokenBed({ outageBoundMs: 24 * 60 * MINUTE_MS });
    bed.issuer.accept('a1', { expiresAtMs: bed.clock.nowMs() + 2 * MINUTE_MS });
    await bed.ask('a1');
    bed.issuer.state = 'down';
    expect(await useFor(2 * MINUTE_MS)).toEqual({ authenticated: 119, rejected: 1 });
    expect(bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_expired' });
  });

  test('a known token still ends when this replica hears so by itself', async () => {
    await useFor(5 * MINUTE_MS);
    bed.issuer.end('a1', 'token_ended');
    expect(bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_ended' });
  });

  test('nobody waits for it but the first, and it is asked less and less', async () => {
    await bed.clock.advance(MINUTE_MS);
    bed.issuer.state = 'silent';
    const first = bed.ask('a1');
    expect(first).toBeInstanceOf(Promise);
    await bed.clock.advance(3_000);
    expect(await first).toMatchObject(good);
    const before = bed.issuer.asked.length;
    for (let second = 0; second < 600; second++) {
      expect(bed.ask('a1')).toMatchObject(good);
      await bed.clock.advance(1_000);
    }
    expect(bed.issuer.asked.length - before).toBeLessThanOrEqual(45);
    expect(bed.issuer.asked.length - before).toBeGreaterThan(30);
  });

  test('it is told once per token, with the name for logs', async () => {
    await useFor(10 * MINUTE_MS);
    expect(bed.lines).toEqual([
      JSON.stringify({
        level: 'info',
        message: 'A bearer token goes on unconfirmed.',
        handle: 'handle-0',
        reason: 'token_review_unavailable',
      }),
    ]);
  });

  test('a token without an outage bound is unavailable as soon as it is stale', async () => {
    bed = new TokenBed({ outageBoundMs: 0 });
    bed.issuer.accept('a1');
    await bed.ask('a1');
    bed.issuer.state = 'down';
    await bed.clock.advance(59_999);
    expect(await bed.ask('a1')).toMatchObject(good);
    await bed.clock.advance(1);
    expect(await bed.ask('a1')).toEqual(down);
    expect(bed.ask('a1')).toEqual(down);
  });

  test('the tokens of other verifiers are as ever', async () => {
    bed.other.accept('b1');
    await useFor(2 * MINUTE_MS);
    const asked = bed.other.asked.length;
    expect(await bed.ask('b1')).toMatchObject(good);
    expect(bed.other.asked).toHaveLength(asked + 1);
  });
});

describe('when a verifier is back', () => {
  beforeEach(async () => {
    bed.issuer.state = 'down';
    await useFor(5 * MINUTE_MS);
    bed.issuer.state = 'up';
  });

  test('a token that went on is confirmed within 16 s, and has a whole outage bound again', async () => {
    await useFor(17_000);
    bed.issuer.state = 'down';
    expect(await useFor(OUTAGE_BOUND_MS)).toEqual({ authenticated: 900 });
  });

  test('a token that was revoked meanwhile is refused after 16 s', async () => {
    bed.issuer.revoke('a1');
    await useFor(16_000);
    await bed.clock.advance(0);
    expect(await bed.ask('a1')).toEqual(revoked);
  });

  test('a token that stayed away is not granted once more', async () => {
    bed.issuer.revoke('a1');
    await bed.clock.advance(32_000);
    expect(await bed.ask('a1')).toEqual(revoked);
  });

  test('a token that is doubted is not granted once more', async () => {
    bed.issuer.revoke('a1');
    bed.issuer.doubt('a1');
    await bed.clock.advance(1_000);
    expect(await bed.ask('a1')).toEqual(revoked);
  });

  test('a token whose outage bound was spent is good again with its first request', async () => {
    bed.issuer.state = 'down';
    await useFor(OUTAGE_BOUND_MS);
    expect(await bed.ask('a1')).toEqual(down);
    bed.issuer.state = 'up';
    await bed.clock.advance(16_000);
    expect(await bed.ask('a1')).toMatchObject(good);
  });
});

describe('a verifier with a fault', () => {
  test('that never answers is not waited for longer than 3 s', async () => {
    bed.issuer.state = 'silent';
    const answer = bed.ask('a2');
    await bed.clock.advance(3_000);
    expect(await answer).toMatchObject(faulty);
  });

  test('that throws is told to an administrator, and neither grants nor refuses', async () => {
    bed.issuer.state = 'broken';
    expect(await bed.ask('a2')).toMatchObject(faulty);
    await bed.clock.advance(50_000);
    expect(bed.ask('a1')).toMatchObject(good);
    await bed.clock.advance(0);
    expect(bed.lines[0]).toBe(
      '{"level":"error","message":"A bearer token could not be judged.","error":"Error: the script says so"}',
    );
  });

  test('does not make other tokens wait', () => {
    bed.issuer.state = 'silent';
    void bed.ask('a2');
    expect(bed.ask('a1')).toMatchObject(good);
  });
});
