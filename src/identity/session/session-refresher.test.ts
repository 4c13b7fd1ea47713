import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyRecordStore } from '../../../test/fixtures/faulty-record-store.ts';
import { identityOf, SessionReplicas, settled } from '../../../test/fixtures/session-replicas.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
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

/** One request, and whatever it sets off in the background. */
async function use(cookie: string, of = room) {
  const answer = await of.authenticator.authenticate(cookie);
  await replicas.pass(SECOND_MS);
  return answer;
}

async function groupsOf(cookie: string, of = room): Promise<readonly string[]> {
  return identityOf(await use(cookie, of)).principal.groups;
}

/** What the provider answers to a refresh, recognisable by its only group and refresh token. */
function loginWith(name: string): CompletedLogin {
  const { claims, tokens } = replicas.provider.signIn();
  return {
    claims: { ...claims, principal: { ...claims.principal, groups: [name] } },
    tokens: { ...tokens, refreshToken: name },
  };
}

describe('claims that are due', () => {
  it('are fetched when the session is used, without keeping the request waiting', async () => {
    const { cookie } = await replicas.browser(room);
    await use(cookie);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    expect(identityOf(await room.authenticator.authenticate(cookie)).principal.groups).toEqual([
      'team-a',
    ]);
    await replicas.pass(SECOND_MS);
    expect(await groupsOf(cookie)).toEqual(['team-b']);
    expect(replicas.provider.presented).toHaveLength(1);
  });

  it('are fetched with the newest refresh token every time', async () => {
    const { cookie } = await replicas.browser(room);
    for (let round = 0; round < 5; round++) {
      await replicas.pass(due);
      expect((await use(cookie)).kind).toBe('authenticated');
    }
    expect(new Set(replicas.provider.presented).size).toBe(5);
  });

  it('are not fetched for a session that nobody uses', async () => {
    const { cookie } = await replicas.browser(room);
    await use(cookie);
    await replicas.pass(HOUR_MS);
    await room.authenticator.recheck(cookie);
    await replicas.pass(MINUTE_MS);
    expect(replicas.provider.presented).toHaveLength(0);
  });

  it('are not fetched twice while one answer serves', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    for (let request = 0; request < 20; request++) await use(cookie);
    expect(replicas.provider.presented).toHaveLength(1);
  });

  it('are fetched for a connection in use, too', async () => {
    const { cookie } = await replicas.browser(room);
    const identity = identityOf(await use(cookie));
    await replicas.pass(due);
    identity.markUsed();
    await replicas.pass(SECOND_MS);
    expect(replicas.provider.presented).toHaveLength(1);
  });

  it('cost the store a handful of trips however many requests come meanwhile', async () => {
    const { cookie } = await replicas.browser(room);
    await use(cookie);
    await replicas.pass(due);
    const answer = Promise.withResolvers<RefreshOutcome>();
    replicas.provider.answer = () => answer.promise;
    const trips = replicas.store.calls.length;
    for (let request = 0; request < 100; request++) {
      await room.authenticator.authenticate(cookie);
      await settled();
    }
    expect(replicas.store.calls.length - trips).toBeLessThan(6);
    answer.resolve({ kind: 'failed' });
    await replicas.pass(SECOND_MS);
  });

  it('are due earlier when the ID token lives shorter', async () => {
    const login = replicas.provider.signIn();
    const expiresAtMs = replicas.clock.nowMs() + 5 * MINUTE_MS;
    const { cookie } = await replicas.browser(room, {
      ...login,
      claims: { ...login.claims, expiresAtMs },
    });
    await use(cookie);
    await replicas.pass(4 * MINUTE_MS);
    await use(cookie);
    expect(replicas.provider.presented).toHaveLength(1);
  });
});

describe('one person', () => {
  it('is asked about once although every replica finds the claims due', async () => {
    const rooms = [room, replicas.replica(), replicas.replica()];
    const { cookie } = await replicas.browser(room);
    for (const each of rooms) await use(cookie, each);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    await Promise.all(rooms.map(async (each) => await each.authenticator.authenticate(cookie)));
    await replicas.pass(MINUTE_MS);
    expect(replicas.provider.presented).toHaveLength(1);
    for (const each of rooms) expect(await groupsOf(cookie, each)).toEqual(['team-b']);
  });

  it('with two browsers is refreshed for both by one token, and neither is signed out', async () => {
    const other = replicas.replica();
    const laptop = await replicas.browser(room);
    const phone = await replicas.browser(other);
    for (let round = 0; round < 5; round++) {
      await replicas.pass(due);
      replicas.provider.groups = [`team-${round}`];
      await Promise.all([
        room.authenticator.authenticate(laptop.cookie),
        other.authenticator.authenticate(phone.cookie),
      ]);
      await replicas.pass(MINUTE_MS);
      expect(await groupsOf(laptop.cookie)).toEqual([`team-${round}`]);
      expect(await groupsOf(phone.cookie, other)).toEqual([`team-${round}`]);
    }
    expect(replicas.provider.presented).toHaveLength(5);
  });

  it('is not asked for a lease by a replica that finds the claims fresh in the store', async () => {
    replicas = new SessionReplicas({ claimsRefreshAfterMs: MINUTE_MS });
    room = replicas.replica();
    const other = replicas.replica();
    const { cookie } = await replicas.browser(room);
    await replicas.pass(5 * SECOND_MS);
    await use(cookie, other);
    await replicas.pass(55 * SECOND_MS);
    await use(cookie);
    await use(cookie, other);
    await use(cookie, other);
    expect(replicas.store.count('acquireLease')).toBe(1);
  });

  it('is asked for one lease by a replica that has several sessions of the person', async () => {
    const browsers = [await replicas.browser(room), await replicas.browser(room)];
    for (const { cookie } of browsers) await use(cookie);
    await replicas.pass(due);
    for (const { cookie } of browsers) await room.authenticator.authenticate(cookie);
    await replicas.pass(SECOND_MS);
    expect(replicas.store.count('acquireLease')).toBe(1);
  });

  it('gets the fresh claims into a session although somebody else writes it meanwhile', async () => {
    const { id, cookie } = await replicas.browser(room);
    const key = sessionKeyOf(id);
    await use(cookie);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    let writes = 0;
    replicas.provider.answer = (tokens) => {
      replicas.store.after = async (operation) => {
        if (operation !== 'readSession' || writes++ > 0) return;
        const stored = await replicas.store.inner.readSession(key);
        if (stored.kind !== 'live') return;
        await replicas.store.inner.replaceSession(key, stored.sealed, stored.revision);
      };
      return replicas.provider.rotate(tokens);
    };
    await use(cookie);
    expect(writes).toBeGreaterThan(1);
    expect(await groupsOf(cookie)).toEqual(['team-b']);
  });

  it('keeps open connections informed although the message about the change is lost', async () => {
    const other = replicas.replica();
    const { cookie } = await replicas.browser(room);
    await use(cookie, other);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    replicas.channel.isLosing = true;
    await use(cookie);
    let heard = 0;
    other.sessions.onChange(() => (heard += 1));
    await replicas.pass(31 * SECOND_MS);
    await use(cookie, other);
    expect(heard).toBe(1);
  });

  it('keeps open connections of every replica informed when the claims change', async () => {
    const other = replicas.replica();
    const { cookie } = await replicas.browser(room);
    await use(cookie, other);
    let heard = 0;
    other.sessions.onChange(() => (heard += 1));
    await replicas.pass(due);
    await use(cookie);
    expect(heard).toBe(0);
    replicas.provider.groups = ['team-b'];
    await replicas.pass(due);
    await use(cookie);
    expect(heard).toBeGreaterThan(0);
    expect(identityOf(await other.authenticator.recheck(cookie)).principal.groups).toEqual([
      'team-b',
    ]);
  });

  it('gets a new JWT with new claims', async () => {
    const { cookie } = await replicas.browser(room);
    const before = identityOf(await use(cookie)).assertion();
    replicas.provider.groups = [];
    await replicas.pass(due);
    await use(cookie);
    const after = identityOf(await use(cookie));
    expect(after.assertion()).not.toBe(before);
    expect(after.headers).toEqual([['kubeflow-userid', 'sub-1@example.com']]);
  });
});

describe('a provider that refuses the newest refresh token', () => {
  it('ends all sessions of the person at every replica, and nobody else', async () => {
    const other = replicas.replica();
    const laptop = await replicas.browser(room);
    const phone = await replicas.browser(other);
    const colleague = await replicas.browser(room, replicas.provider.signIn({ sub: 'sub-2' }));
    await replicas.pass(due);
    replicas.provider.answer = () => Promise.resolve({ kind: 'ended' });
    await use(laptop.cookie);
    const ended = { kind: 'absent', reason: 'provider_ended_session' };
    expect(await use(laptop.cookie)).toEqual(ended);
    expect(await use(phone.cookie, other)).toEqual(ended);
    expect((await use(colleague.cookie)).kind).toBe('authenticated');
    expect(await replicas.store.inner.readProviderRecord(person)).toBeUndefined();
  });

  it('ends them also when the answer is about somebody else', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    replicas.provider.answer = () => Promise.resolve({ kind: 'identity-changed' });
    await use(cookie);
    expect((await use(cookie)).kind).toBe('absent');
  });

  it('ends them also when only we notice that the sub is another', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    const login = replicas.provider.signIn({ sub: 'sub-2' });
    replicas.provider.answer = () => Promise.resolve({ kind: 'refreshed', login });
    await use(cookie);
    expect((await use(cookie)).kind).toBe('absent');
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
    expect(await groupsOf(laptop.cookie)).toEqual(['team-b']);
    expect(await groupsOf(phone.cookie)).toEqual(['team-b']);
  });
});

describe('a sign-in while a refresh is under way', () => {
  it('keeps its tokens: what the refresh brought is for a grant that is no more', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    const answer = Promise.withResolvers<RefreshOutcome>();
    replicas.provider.answer = () => answer.promise;
    await use(cookie);
    const login = replicas.provider.signIn();
    await replicas.browser(room, login);
    const stale = { ...login, tokens: { ...login.tokens, refreshToken: 'stale' } };
    answer.resolve({ kind: 'refreshed', login: stale });
    await replicas.pass(SECOND_MS);
    replicas.provider.answer = undefined;
    await replicas.pass(due);
    await use(cookie);
    expect(replicas.provider.presented.at(-1)).toBe(login.tokens.refreshToken);
    expect((await use(cookie)).kind).toBe('authenticated');
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
    await use(cookie);
    await room.sessions.end(id, 'signed_out');
    asked.resolve(undefined);
    await replicas.pass(SECOND_MS);
    expect((await replicas.store.inner.readSession(sessionKeyOf(id))).kind).toBe('ended');
    expect(await groupsOf(other.cookie)).toEqual(['team-b']);
  });
});

describe('a provider that fails', () => {
  it('ends nothing, is left alone for growing pauses, and is believed when it is back', async () => {
    const { cookie } = await replicas.browser(room);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    for (let minute = 0; minute < 60; minute++) {
      await replicas.pass(59 * SECOND_MS);
      expect((await use(cookie)).kind).toBe('authenticated');
    }
    const asked = replicas.provider.presented.length;
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(16);
    replicas.provider.answer = undefined;
    replicas.provider.groups = ['team-b'];
    for (let minute = 0; minute < 11; minute++) {
      await replicas.pass(59 * SECOND_MS);
      await use(cookie);
    }
    expect(await groupsOf(cookie)).toEqual(['team-b']);
  });

  it('cannot keep claims alive beyond their greatest age', async () => {
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    const { cookie } = await replicas.browser(room);
    for (let hour = 0; hour < 7; hour++) {
      expect((await use(cookie)).kind).toBe('authenticated');
      await replicas.pass(HOUR_MS);
    }
    await replicas.pass(HOUR_MS);
    const tooOld = { kind: 'absent', reason: 'claims_too_old' };
    expect(await use(cookie)).toEqual(tooOld);
    expect(await room.authenticator.recheck(cookie)).toEqual(tooOld);
    expect(await replicas.replica().authenticator.authenticate(cookie)).toEqual(tooOld);
  });
});

describe('whoever comes back after a pause with claims that are too old', () => {
  beforeEach(() => {
    replicas = new SessionReplicas({ claimsMaxAgeMs: 20 * MINUTE_MS });
    room = replicas.replica();
  });

  it('waits for fresh ones instead of signing in again', async () => {
    const { cookie } = await replicas.browser(room);
    await use(cookie);
    await replicas.pass(HOUR_MS);
    replicas.provider.groups = ['team-b'];
    const waiting = Promise.resolve(room.authenticator.authenticate(cookie));
    await replicas.pass(SECOND_MS);
    expect(identityOf(await waiting).principal.groups).toEqual(['team-b']);
  });

  it('is not refreshed by an open connection that nobody uses', async () => {
    const { cookie } = await replicas.browser(room);
    await use(cookie);
    await replicas.pass(HOUR_MS);
    const again = Promise.resolve(room.authenticator.recheck(cookie));
    await replicas.pass(SECOND_MS);
    expect(await again).toEqual({ kind: 'absent', reason: 'claims_too_old' });
    expect(replicas.provider.presented).toHaveLength(0);
  });

  it('waits for fresh ones although a later sign-in had newer, but also too old ones', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(MINUTE_MS);
    await replicas.browser(room);
    await replicas.pass(HOUR_MS);
    const waiting = Promise.resolve(room.authenticator.authenticate(cookie));
    await replicas.pass(SECOND_MS);
    expect((await waiting).kind).toBe('authenticated');
  });

  it('does not wait for ever', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(HOUR_MS);
    const never = Promise.withResolvers<RefreshOutcome>();
    replicas.provider.answer = () => never.promise;
    const waiting = Promise.resolve(room.authenticator.authenticate(cookie));
    await replicas.pass(16 * SECOND_MS);
    expect(await waiting).toEqual({ kind: 'absent', reason: 'claims_too_old' });
    never.resolve({ kind: 'failed' });
  });

  it('signs in again where the provider gave no refresh token', async () => {
    const { cookie } = await replicas.browser(room, replicas.provider.signInOnce());
    await use(cookie);
    await replicas.pass(19 * MINUTE_MS);
    expect((await use(cookie)).kind).toBe('authenticated');
    await replicas.pass(MINUTE_MS);
    expect(await use(cookie)).toEqual({ kind: 'absent', reason: 'claims_too_old' });
    expect(replicas.provider.presented).toHaveLength(0);
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
    await use(cookie);
    await replicas.pass(MINUTE_MS);
    replicas.store.health = 'up';
    replicas.provider.answer = undefined;
    await replicas.pass(10 * SECOND_MS);
    await replicas.pass(due);
    await use(cookie);
    expect((await use(cookie)).kind).toBe('authenticated');
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
    await use(cookie);
    await replicas.pass(MINUTE_MS);
    expect(await groupsOf(cookie)).toEqual(['team-b']);
  });

  it.each([
    ['before', 'the next holder has asked'],
    ['after', 'the next holder has written'],
  ])('of a holder that slept past its lease and woke %s %s is refused', async (wakes) => {
    const sleepersStore = new FaultyRecordStore(replicas.store.inner);
    const sleeper = replicas.replica({ store: sleepersStore });
    const { cookie } = await replicas.browser(room);
    await use(cookie, sleeper);
    await replicas.pass(due);
    const answers = [
      Promise.withResolvers<RefreshOutcome>(),
      Promise.withResolvers<RefreshOutcome>(),
    ] as const;
    replicas.provider.answer = () =>
      answers[replicas.provider.presented.length === 1 ? 0 : 1].promise;
    await use(cookie, sleeper);
    sleepersStore.health = 'down';
    await replicas.pass(16 * SECOND_MS);
    await use(cookie);
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

    expect(await groupsOf(cookie)).toEqual(['in-time']);
    await replicas.pass(MINUTE_MS);
    expect(await groupsOf(cookie, sleeper)).toEqual(['in-time']);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    await replicas.pass(due);
    await use(cookie);
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
    await use(cookie);
    const closed = room.close();
    answer.resolve(undefined);
    await replicas.pass(SECOND_MS);
    await closed;
    replicas.provider.answer = undefined;
    const next = replicas.replica();
    expect(await groupsOf(cookie, next)).toEqual(['team-b']);
  });
});
