// Whose a token is stays true: the owner's claims are fetched anew while it is used, and end it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  newToken,
  TokenReplicas,
  verdictOn,
  verified,
  type TokenReplica,
} from '../../../test/fixtures/token-replicas.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';

let replicas: TokenReplicas;
let replica: TokenReplica;

beforeEach(() => {
  replicas = new TokenReplicas();
  replica = replicas.tokenReplica();
});
afterEach(() => replicas.close());

const tooOld = { kind: 'rejected', reason: 'claims_too_old' };
const providerEnded = { kind: 'rejected', reason: 'provider_ended_session' };

/** One use, and whatever it sets off behind its answer. */
async function groupsOf(token: string, at = replica): Promise<readonly string[]> {
  const { principal } = await verified(at, token);
  await replicas.pass(SECOND_MS);
  return principal.groups;
}

async function useFor(token: string, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += HOUR_MS) {
    await verdictOn(replica, token);
    await replicas.pass(HOUR_MS);
  }
}

describe('a token in use', () => {
  it('gets its owner’s groups anew every hour, and is doubted when they changed', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.groups = ['team-b'];
    await replicas.pass(HOUR_MS - SECOND_MS);
    expect(await groupsOf(token)).toEqual(['team-a']);
    expect(replicas.provider.presented).toHaveLength(0);
    const known = await verified(replica, token);
    await replicas.pass(SECOND_MS);
    expect(known.isDoubted?.()).toBe(true);
    expect(await groupsOf(token)).toEqual(['team-b']);
    await useFor(token, 3 * HOUR_MS);
    expect(replicas.provider.presented.length).toBeLessThanOrEqual(4);
  });

  it('has what a session of its owner was told, at once', async () => {
    const { cookie, person } = await replicas.signIn(replica);
    const { token } = await newToken(replica, person);
    replicas.provider.groups = ['team-b'];
    await replicas.pass(10 * MINUTE_MS);
    await replicas.use(replica.sessions, cookie);
    expect(await groupsOf(token)).toEqual(['team-b']);
  });

  it('outlives all sessions, for as long as it was made', async () => {
    const { token, person } = await replicas.token(replica, { lifetimeMs: 3 * DAY_MS });
    await useFor(token, 3 * DAY_MS - HOUR_MS);
    expect(await groupsOf(token)).toEqual(['team-a']);
    expect(await replica.service.list(person)).toHaveLength(1);
  });

  it('keeps the grant when its owner signs out, and takes it away when it is revoked', async () => {
    const { token, person, sessionId, summary } = await replicas.token(replica);
    await replica.sessions.sessions.end(sessionId, 'signed_out');
    expect(await replicas.store.readProviderRecord(person)).toBeDefined();
    await useFor(token, DAY_MS);
    await verified(replica, token);
    await replica.service.revoke(person, summary.handle);
    expect(await replicas.store.readProviderRecord(person)).toBeUndefined();
  });

  it('goes on when the provider ends the browser’s session', async () => {
    const login = replicas.provider.signIn({ providerSid: 'sid-1' });
    const { person } = await replicas.signIn(replica, login);
    const { token } = await newToken(replica, person);
    await replica.sessions.sessions.endSelected(login.tokens, 'signed_out_at_provider');
    await verified(replica, token);
    expect(await replicas.store.readProviderRecord(person)).toBeDefined();
  });

  it('leaves the grant to sessions that need it', async () => {
    const { person, summary } = await replicas.token(replica);
    await replica.service.revoke(person, summary.handle);
    expect(await replicas.store.readProviderRecord(person)).toBeDefined();
  });
});

describe('somebody who has left', () => {
  it('loses tokens, logins and sessions when the provider refuses the grant', async () => {
    const other = replicas.tokenReplica();
    const { cookie, person } = await replicas.signIn(replica);
    const { token } = await newToken(replica, person);
    const { accessToken, refreshToken } = await replicas.login(replica);
    replicas.provider.answer = () => Promise.resolve({ kind: 'ended' });
    await replicas.pass(HOUR_MS);
    const known = await verified(other, token);
    await replicas.pass(SECOND_MS);
    expect(known.isDoubted?.()).toBe(true);
    expect(await verdictOn(other, token)).toMatchObject(providerEnded);
    expect(await verdictOn(replica, accessToken)).toMatchObject({ kind: 'rejected' });
    expect(await replica.service.refreshLogin(refreshToken)).toEqual({ kind: 'refused' });
    expect((await replicas.use(replica.sessions, cookie)).kind).toBe('absent');
    expect(await replicas.store.readProviderRecord(person)).toBeUndefined();
    expect(await replica.service.list(person)).toEqual([]);
  });

  it('loses only their own', async () => {
    const { token } = await replicas.token(replica);
    const colleague = await replicas.signIn(replica, replicas.provider.signIn({ sub: 'sub-2' }));
    const { token: spared } = await newToken(replica, colleague.person);
    replicas.provider.answer = (tokens) =>
      tokens.sub === 'sub-1'
        ? Promise.resolve({ kind: 'ended' })
        : replicas.provider.rotate(tokens);
    await replicas.pass(HOUR_MS);
    await groupsOf(token);
    await groupsOf(spared);
    expect((await verdictOn(replica, token)).kind).toBe('rejected');
    await verified(replica, spared);
  });

  it('is not who just signs in, which makes the provider refuse the older grant', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.answer = () => Promise.resolve({ kind: 'ended' });
    await replicas.pass(HOUR_MS);
    await verified(replica, token);
    await replicas.pass(250);
    expect(replicas.provider.presented).toHaveLength(1);
    replicas.provider.answer = undefined;
    replicas.provider.groups = ['team-b'];
    await replicas.signIn(replica);
    await replicas.pass(SECOND_MS);
    expect(await groupsOf(token)).toEqual(['team-b']);
  });

  it('loses them after a day, whatever the provider’s error is', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    await useFor(token, DAY_MS - HOUR_MS);
    expect((await verified(replica, token)).freshForMs).toBe(30 * SECOND_MS);
    await replicas.pass(HOUR_MS - 10 * SECOND_MS);
    expect((await verified(replica, token)).freshForMs).toBe(10 * SECOND_MS);
    await replicas.pass(10 * SECOND_MS);
    expect(await verdictOn(replica, token)).toMatchObject(tooOld);
  });

  it('loses them after a day when there is nothing to ask the provider with', async () => {
    const { person } = await replicas.signIn(replica, replicas.provider.signInOnce());
    const { token } = await newToken(replica, person);
    await useFor(token, DAY_MS);
    expect(await verdictOn(replica, token)).toMatchObject(tooOld);
  });

  it('loses them after a day when the store lost the grant', async () => {
    const { token, person } = await replicas.token(replica);
    await replicas.store.deleteProviderRecord(person);
    await useFor(token, DAY_MS - HOUR_MS);
    await verified(replica, token);
    await replicas.pass(HOUR_MS);
    expect(await verdictOn(replica, token)).toMatchObject(tooOld);
  });
});

describe('somebody who comes back', () => {
  it('after two days without using a token is asked about once, before the answer', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.groups = ['team-b'];
    await replicas.pass(2 * DAY_MS);
    expect(await groupsOf(token)).toEqual(['team-b']);
    expect(replicas.provider.presented).toHaveLength(1);
  });

  it('and has left meanwhile is refused at the first use', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.answer = () => Promise.resolve({ kind: 'ended' });
    await replicas.pass(2 * DAY_MS);
    const asked = verdictOn(replica, token);
    await replicas.pass(SECOND_MS);
    expect(await asked).toMatchObject(providerEnded);
  });

  it('is told to try again while the provider takes its time', async () => {
    const { token } = await replicas.token(replica);
    const slow = Promise.withResolvers<undefined>();
    replicas.provider.answer = async (tokens) => {
      await slow.promise;
      return await replicas.provider.rotate(tokens);
    };
    await replicas.pass(2 * DAY_MS);
    const asked = verdictOn(replica, token);
    await replicas.pass(2 * SECOND_MS);
    expect(await asked).toEqual({
      kind: 'unavailable',
      reason: 'provider_unavailable',
      retryAfterSec: 5,
    });
    slow.resolve(undefined);
    await replicas.pass(SECOND_MS);
    await verified(replica, token);
  });

  it('is granted again when the provider confirms them again', async () => {
    const { token } = await replicas.token(replica);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    await useFor(token, DAY_MS + HOUR_MS);
    expect(await verdictOn(replica, token)).toMatchObject(tooOld);
    replicas.provider.answer = undefined;
    await replicas.pass(10 * MINUTE_MS);
    await verified(replica, token);
  });

  it('and signs in has their tokens again, although no grant comes with it', async () => {
    const { person } = await replicas.signIn(replica, replicas.provider.signInOnce());
    const { token } = await newToken(replica, person);
    await useFor(token, 2 * DAY_MS);
    expect(await verdictOn(replica, token)).toMatchObject(tooOld);
    replicas.provider.groups = ['team-b'];
    await replicas.signIn(replica, replicas.provider.signInOnce());
    expect(await groupsOf(token)).toEqual(['team-b']);
    await replicas.pass(DAY_MS / 2);
    await verified(replica, token);
  });

  it('and signs in after the store lost the grant has it for as long as the token lives', async () => {
    const { token, person } = await replicas.token(replica);
    await replicas.store.deleteProviderRecord(person);
    await replicas.pass(2 * DAY_MS);
    await replicas.signIn(replica);
    await useFor(token, 2 * DAY_MS);
    await verified(replica, token);
  });
});
