// What may happen while a refresh is under way: sign-ins, revocations, failing stores, slow holders.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyRecordStore } from '../../../test/fixtures/faulty-record-store.ts';
import { SessionReplicas } from '../../../test/fixtures/session-replicas.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import type { CompletedLogin, ProviderTokens, RefreshOutcome } from '../login/completed-login.ts';
import type { SessionRoom } from './create-sessions.ts';
import { personKey } from './person-key.ts';
import { StoreUnavailable } from './record-store.ts';
import { sessionKeyOf } from './session-cookie.ts';

let replicas: SessionReplicas;
let room: SessionRoom;

beforeEach(() => {
  replicas = new SessionReplicas();
  room = replicas.replica();
});
afterEach(() => replicas.close());

const person = personKey({ issuer: 'https://idp.example.com', clientId: 'kubeflow', sub: 'sub-1' });
const due = 10 * MINUTE_MS;

/** What the provider answers to a refresh, recognisable by its only group and refresh token. */
function loginWith(name: string): CompletedLogin {
  const { claims, tokens } = replicas.provider.signIn();
  return {
    claims: { ...claims, principal: { ...claims.principal, groups: [name] } },
    tokens: { ...tokens, refreshToken: name },
  };
}

describe('a provider that refuses the newest refresh token', () => {
  it('ends all sessions of the person at every replica, and nobody else', async () => {
    const other = replicas.replica();
    const laptop = await replicas.browser(room);
    const phone = await replicas.browser(other);
    const colleague = await replicas.browser(room, replicas.provider.signIn({ sub: 'sub-2' }));
    await replicas.pass(due);
    replicas.provider.answer = () => Promise.resolve({ kind: 'ended' });
    await replicas.use(room, laptop.cookie);
    const ended = { kind: 'absent', reason: 'provider_ended_session' };
    expect(await replicas.use(room, laptop.cookie)).toEqual(ended);
    expect(await replicas.use(other, phone.cookie)).toEqual(ended);
    expect((await replicas.use(room, colleague.cookie)).kind).toBe('authenticated');
    expect(await replicas.store.inner.readProviderRecord(person)).toBeUndefined();
  });

  it('ends them also when the answer is about somebody else', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    replicas.provider.answer = () => Promise.resolve({ kind: 'identity-changed' });
    await replicas.use(room, cookie);
    expect((await replicas.use(room, cookie)).kind).toBe('absent');
  });

  it('ends them also when only we notice that the sub is another', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    const login = replicas.provider.signIn({ sub: 'sub-2' });
    replicas.provider.answer = () => Promise.resolve({ kind: 'refreshed', login });
    await replicas.use(room, cookie);
    expect((await replicas.use(room, cookie)).kind).toBe('absent');
  });

  it('ends nothing when a sign-in has brought a newer token meanwhile', async () => {
    const laptop = await replicas.browser(room);
    await replicas.pass(due);
    const asked = Promise.withResolvers<ProviderTokens>();
    const answer = Promise.withResolvers<RefreshOutcome>();
    replicas.provider.answer = (tokens) => {
      asked.resolve(tokens);
      return answer.promise;
    };
    await room.authenticator.authenticate(laptop.cookie);
    await replicas.pass(SECOND_MS);
    await asked.promise;
    replicas.provider.groups = ['team-b'];
    const phone = await replicas.browser(room);
    answer.resolve({ kind: 'ended' });
    await replicas.pass(SECOND_MS);
    expect(await replicas.groups(room, laptop.cookie)).toEqual(['team-b']);
    expect(await replicas.groups(room, phone.cookie)).toEqual(['team-b']);
  });
});

describe('a sign-in while a refresh is under way', () => {
  it('keeps its tokens: what the refresh brought is for a grant that is no more', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    const answer = Promise.withResolvers<RefreshOutcome>();
    replicas.provider.answer = () => answer.promise;
    await replicas.use(room, cookie);
    const login = replicas.provider.signIn();
    await replicas.browser(room, login);
    const stale = { ...login, tokens: { ...login.tokens, refreshToken: 'stale' } };
    answer.resolve({ kind: 'refreshed', login: stale });
    await replicas.pass(SECOND_MS);
    replicas.provider.answer = undefined;
    await replicas.pass(due);
    await replicas.use(room, cookie);
    expect(replicas.provider.presented.at(-1)).toBe(login.tokens.refreshToken);
    expect((await replicas.use(room, cookie)).kind).toBe('authenticated');
  });
});

describe('a session revoked while a refresh is under way', () => {
  it('is not brought back by the fresh claims', async () => {
    const { id, cookie } = await replicas.browser(room);
    const other = await replicas.browser(room);
    await replicas.pass(due);
    const asked = Promise.withResolvers<undefined>();
    replicas.provider.groups = ['team-b'];
    replicas.provider.answer = async (tokens) => {
      await asked.promise;
      return await replicas.provider.rotate(tokens);
    };
    await replicas.use(room, cookie);
    await room.sessions.end(id, 'signed_out');
    asked.resolve(undefined);
    await replicas.pass(SECOND_MS);
    expect((await replicas.store.inner.readSession(sessionKeyOf(id))).kind).toBe('ended');
    expect(await replicas.groups(room, other.cookie)).toEqual(['team-b']);
  });
});

describe('a rotated refresh token', () => {
  it('is written as soon as the store takes it again', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    replicas.provider.answer = async (tokens) => {
      replicas.store.health = 'down';
      return await replicas.provider.rotate(tokens);
    };
    await replicas.use(room, cookie);
    await replicas.pass(MINUTE_MS);
    replicas.store.health = 'up';
    replicas.provider.answer = undefined;
    await replicas.pass(10 * SECOND_MS);
    await replicas.pass(due);
    await replicas.use(room, cookie);
    expect((await replicas.use(room, cookie)).kind).toBe('authenticated');
    expect(replicas.provider.presented).toHaveLength(2);
  });

  it('that was written without us hearing of it is found again', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    let failures = 0;
    replicas.store.after = (operation) => {
      if (operation !== 'replaceProviderRecord' || failures++ > 0) return Promise.resolve();
      return Promise.reject(new StoreUnavailable('the answer was lost'));
    };
    await replicas.use(room, cookie);
    await replicas.pass(MINUTE_MS);
    expect(await replicas.groups(room, cookie)).toEqual(['team-b']);
  });

  it.each([
    ['before', 'the next holder has asked'],
    ['after', 'the next holder has written'],
  ])('of a holder that slept past its lease and woke %s %s is refused', async (wakes) => {
    const sleepersStore = new FaultyRecordStore(replicas.store.inner);
    const sleeper = replicas.replica({ store: sleepersStore });
    const { cookie } = await replicas.browser(room);
    await replicas.use(sleeper, cookie);
    await replicas.pass(due);
    const answers = [
      Promise.withResolvers<RefreshOutcome>(),
      Promise.withResolvers<RefreshOutcome>(),
    ] as const;
    replicas.provider.answer = () =>
      answers[replicas.provider.presented.length === 1 ? 0 : 1].promise;
    await replicas.use(sleeper, cookie);
    sleepersStore.health = 'down';
    await replicas.pass(16 * SECOND_MS);
    await replicas.use(room, cookie);
    expect(replicas.provider.presented).toHaveLength(2);

    const wake = async () => {
      sleepersStore.health = 'up';
      answers[0].resolve({ kind: 'refreshed', login: loginWith('late') });
      await replicas.pass(SECOND_MS);
    };
    if (wakes === 'before') await wake();
    answers[1].resolve({ kind: 'refreshed', login: loginWith('in-time') });
    await replicas.pass(SECOND_MS);
    if (wakes === 'after') await wake();

    expect(await replicas.groups(room, cookie)).toEqual(['in-time']);
    await replicas.pass(MINUTE_MS);
    expect(await replicas.groups(sleeper, cookie)).toEqual(['in-time']);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    await replicas.pass(due);
    await replicas.use(room, cookie);
    expect(replicas.provider.presented.at(-1)).toBe('in-time');
  });

  it('survives a close that comes in between', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    const answer = Promise.withResolvers<undefined>();
    replicas.provider.groups = ['team-b'];
    replicas.provider.answer = async (tokens) => {
      await answer.promise;
      return await replicas.provider.rotate(tokens);
    };
    await replicas.use(room, cookie);
    const closed = room.close();
    answer.resolve(undefined);
    await replicas.pass(SECOND_MS);
    await closed;
    replicas.provider.answer = undefined;
    const next = replicas.replica();
    expect(await replicas.groups(next, cookie)).toEqual(['team-b']);
  });
});
