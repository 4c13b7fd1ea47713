// Personal tokens behind the cache that the doors ask, while the store is silent: what goes on, and what
// does not.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenAuthenticator } from '../../src/identity/authentication.ts';
import { createTokenAuthenticator } from '../../src/identity/bearer/token-authenticator.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/duration.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { silentMetrics } from '../../src/kernel/metrics.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { TokenReplicas, type TokenReplica } from '../fixtures/token-replicas.ts';

const CLIENT = '192.0.2.1';
const OUTAGE_BOUND_MS = 15 * MINUTE_MS;

let replicas: TokenReplicas;
let replica: TokenReplica;
let door: TokenAuthenticator;

function doorOf({ verifier }: TokenReplica): TokenAuthenticator {
  return createTokenAuthenticator(
    {
      cacheForMs: 5 * MINUTE_MS,
      cacheEntries: 100,
      unknownPerMinute: 100,
      outageBoundMs: OUTAGE_BOUND_MS,
    },
    {
      verifiers: [verifier],
      clock: replicas.clock,
      random: systemRandom,
      logger: silentLogger,
      metrics: silentMetrics,
      signAssertion: () => ({ token: 'jwt', expiresAtMs: Infinity }),
      headerNames: { userIdHeader: 'kubeflow-userid', groupsHeader: 'kubeflow-groups' },
    },
  );
}

beforeEach(() => {
  replicas = new TokenReplicas();
  replica = replicas.tokenReplica();
  door = doorOf(replica);
});
afterEach(() => replicas.close());

/** One request; `granted`, or why not. */
async function ask(token: string, at = door): Promise<string> {
  const answer = await at.authenticate(token, CLIENT);
  return answer.kind === 'authenticated' ? 'granted' : answer.reason;
}

async function askFor(token: string, ms: number): Promise<string> {
  let answer = await ask(token);
  for (let passed = 0; passed < ms; passed += 10 * SECOND_MS) {
    await replicas.pass(10 * SECOND_MS);
    answer = await ask(token);
  }
  return answer;
}

describe('while the store is silent', () => {
  it('a token in use goes on for as long as an outage may last, and comes back with the store', async () => {
    const { token } = await replicas.token(replica);
    expect(await ask(token)).toBe('granted');
    replicas.store.health = 'down';
    expect(await askFor(token, OUTAGE_BOUND_MS - MINUTE_MS)).toBe('granted');
    expect(await askFor(token, 3 * MINUTE_MS)).toBe('token_store_unavailable');
    replicas.store.health = 'up';
    await replicas.pass(MINUTE_MS);
    expect(await ask(token)).toBe('granted');
  });

  it('a token that this replica does not know is neither good nor bad', async () => {
    const { token } = await replicas.token(replica);
    replicas.store.health = 'down';
    expect(await ask(token)).toBe('token_store_unavailable');
    replicas.store.health = 'up';
    await replicas.pass(SECOND_MS);
    expect(await ask(token)).toBe('granted');
  });

  it('a token that was revoked here before is refused, and nobody gets a last grant', async () => {
    const { token, person, summary } = await replicas.token(replica);
    expect(await ask(token)).toBe('granted');
    await replica.service.revoke(person, summary.handle);
    replicas.store.health = 'down';
    expect(await ask(token)).toBe('token_revoked');
    await replicas.pass(MINUTE_MS);
    expect(await ask(token)).not.toBe('granted');
  });

  it('a token that another replica revoked before the silence is refused as soon as it ends', async () => {
    const other = replicas.tokenReplica();
    const { token, person, summary } = await replicas.token(other);
    expect(await ask(token)).toBe('granted');
    await other.service.revoke(person, summary.handle);
    replicas.store.health = 'down';
    await ask(token);
    replicas.store.health = 'up';
    await replicas.pass(SECOND_MS);
    expect(await ask(token)).toBe('token_revoked');
  });

  it('claims get no older than they may', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    for (let hour = 0; hour < 23; hour++) {
      expect(await ask(token)).toBe('granted');
      await replicas.pass(HOUR_MS);
    }
    await replicas.pass(HOUR_MS - 2 * MINUTE_MS);
    expect(await ask(token)).toBe('granted');
    replicas.store.health = 'down';
    expect(await askFor(token, MINUTE_MS)).toBe('granted');
    expect(await askFor(token, 2 * MINUTE_MS)).not.toBe('granted');
  });
});

describe('while the provider takes its time', () => {
  it('claims get no older than they may', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    await replicas.pass(DAY_MS - MINUTE_MS);
    expect(await ask(token)).toBe('granted');
    await replicas.pass(30 * SECOND_MS);
    const { promise, resolve } = Promise.withResolvers<{ kind: 'failed' }>();
    replicas.provider.answer = () => promise;
    expect(await ask(token)).toBe('granted');
    for (let passed = 0; passed < MINUTE_MS; passed += 20 * SECOND_MS) {
      await replicas.pass(35 * SECOND_MS);
      const asked = ask(token);
      await replicas.pass(3 * SECOND_MS);
      expect(await asked).toBe('provider_unavailable');
    }
    resolve({ kind: 'failed' });
    await replicas.pass(MINUTE_MS);
    expect(await ask(token)).toBe('claims_too_old');
  });
});

describe('a revocation that was announced', () => {
  it('counts at the next request and the next look at a live connection, everywhere', async () => {
    const other = replicas.tokenReplica();
    const far = doorOf(other);
    const { token, person, summary } = await replicas.token(replica, { lifetimeMs: DAY_MS });
    expect(await ask(token, far)).toBe('granted');
    await replica.service.revoke(person, summary.handle);
    const again = await far.recheck(token);
    expect(again).toEqual({ kind: 'rejected', reason: 'token_revoked' });
    expect(await ask(token, far)).toBe('token_revoked');
  });

  it('that got lost counts within half a minute', async () => {
    const other = replicas.tokenReplica();
    const far = doorOf(other);
    const { token, person, summary } = await replicas.token(replica);
    expect(await ask(token, far)).toBe('granted');
    replicas.channel.isLosing = true;
    await replica.service.revoke(person, summary.handle);
    expect(await ask(token, far)).toBe('granted');
    await replicas.pass(30 * SECOND_MS);
    expect(await ask(token, far)).toBe('token_revoked');
  });
});
