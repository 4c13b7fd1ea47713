import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityOf, SessionReplicas, settled } from '../../../test/fixtures/session-replicas.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import type { RefreshOutcome } from '../login/completed-login.ts';
import type { SessionRoom } from './create-sessions.ts';
import { sessionKeyOf } from './session-cookie.ts';

let replicas: SessionReplicas;
let room: SessionRoom;

beforeEach(() => {
  replicas = new SessionReplicas();
  room = replicas.replica();
});
afterEach(() => replicas.close());

const due = 10 * MINUTE_MS;

describe('claims that are due', () => {
  it('are fetched when the session is used, without keeping the request waiting', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.use(room, cookie);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    expect(identityOf(await room.authenticator.authenticate(cookie)).principal.groups).toEqual([
      'team-a',
    ]);
    await replicas.pass(SECOND_MS);
    expect(await replicas.groups(room, cookie)).toEqual(['team-b']);
    expect(replicas.provider.presented).toHaveLength(1);
  });

  it('are fetched with the newest refresh token every time', async () => {
    const { cookie } = await replicas.browser(room);
    for (let round = 0; round < 5; round++) {
      await replicas.pass(due);
      expect((await replicas.use(room, cookie)).kind).toBe('authenticated');
    }
    expect(new Set(replicas.provider.presented).size).toBe(5);
  });

  it('are not fetched for a session that nobody uses', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.use(room, cookie);
    await replicas.pass(HOUR_MS);
    await room.authenticator.recheck(cookie);
    await replicas.pass(MINUTE_MS);
    expect(replicas.provider.presented).toHaveLength(0);
  });

  it('are not fetched twice while one answer serves', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.pass(due);
    for (let request = 0; request < 20; request++) await replicas.use(room, cookie);
    expect(replicas.provider.presented).toHaveLength(1);
  });

  it('are fetched for a connection in use, too', async () => {
    const { cookie } = await replicas.browser(room);
    const identity = identityOf(await replicas.use(room, cookie));
    await replicas.pass(due);
    identity.markUsed();
    await replicas.pass(SECOND_MS);
    expect(replicas.provider.presented).toHaveLength(1);
  });

  it('cost the store a handful of trips however many requests come meanwhile', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.use(room, cookie);
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
    await replicas.use(room, cookie);
    await replicas.pass(4 * MINUTE_MS);
    await replicas.use(room, cookie);
    expect(replicas.provider.presented).toHaveLength(1);
  });
});

describe('one person', () => {
  it('is asked about once although every replica finds the claims due', async () => {
    const rooms = [room, replicas.replica(), replicas.replica()];
    const { cookie } = await replicas.browser(room);
    for (const each of rooms) await replicas.use(each, cookie);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    await Promise.all(rooms.map(async (each) => await each.authenticator.authenticate(cookie)));
    await replicas.pass(MINUTE_MS);
    expect(replicas.provider.presented).toHaveLength(1);
    for (const each of rooms) expect(await replicas.groups(each, cookie)).toEqual(['team-b']);
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
      expect(await replicas.groups(room, laptop.cookie)).toEqual([`team-${round}`]);
      expect(await replicas.groups(other, phone.cookie)).toEqual([`team-${round}`]);
    }
    expect(replicas.provider.presented).toHaveLength(5);
  });

  it('is not asked for a lease by a replica that finds the claims fresh in the store', async () => {
    replicas = new SessionReplicas({ claimsRefreshAfterMs: MINUTE_MS });
    room = replicas.replica();
    const other = replicas.replica();
    const { cookie } = await replicas.browser(room);
    await replicas.pass(5 * SECOND_MS);
    await replicas.use(other, cookie);
    await replicas.pass(55 * SECOND_MS);
    await replicas.use(room, cookie);
    await replicas.use(other, cookie);
    await replicas.use(other, cookie);
    expect(replicas.store.count('acquireLease')).toBe(1);
  });

  it('is asked for one lease by a replica that has several sessions of the person', async () => {
    const browsers = [await replicas.browser(room), await replicas.browser(room)];
    for (const { cookie } of browsers) await replicas.use(room, cookie);
    await replicas.pass(due);
    for (const { cookie } of browsers) await room.authenticator.authenticate(cookie);
    await replicas.pass(SECOND_MS);
    expect(replicas.store.count('acquireLease')).toBe(1);
  });

  it('gets the fresh claims into a session although somebody else writes it meanwhile', async () => {
    const { id, cookie } = await replicas.browser(room);
    const key = sessionKeyOf(id);
    await replicas.use(room, cookie);
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
    await replicas.use(room, cookie);
    expect(writes).toBeGreaterThan(1);
    expect(await replicas.groups(room, cookie)).toEqual(['team-b']);
  });

  it('keeps open connections informed although the message about the change is lost', async () => {
    const other = replicas.replica();
    const { cookie } = await replicas.browser(room);
    await replicas.use(other, cookie);
    await replicas.pass(due);
    replicas.provider.groups = ['team-b'];
    replicas.channel.isLosing = true;
    await replicas.use(room, cookie);
    let heard = 0;
    other.sessions.onChange(() => (heard += 1));
    await replicas.pass(31 * SECOND_MS);
    await replicas.use(other, cookie);
    expect(heard).toBe(1);
  });

  it('keeps open connections of every replica informed when the claims change', async () => {
    const other = replicas.replica();
    const { cookie } = await replicas.browser(room);
    await replicas.use(other, cookie);
    let heard = 0;
    other.sessions.onChange(() => (heard += 1));
    await replicas.pass(due);
    await replicas.use(room, cookie);
    expect(heard).toBe(0);
    replicas.provider.groups = ['team-b'];
    await replicas.pass(due);
    await replicas.use(room, cookie);
    expect(heard).toBeGreaterThan(0);
    expect(identityOf(await other.authenticator.recheck(cookie)).principal.groups).toEqual([
      'team-b',
    ]);
  });

  it('gets a new JWT with new claims', async () => {
    const { cookie } = await replicas.browser(room);
    const before = identityOf(await replicas.use(room, cookie)).assertion();
    replicas.provider.groups = [];
    await replicas.pass(due);
    await replicas.use(room, cookie);
    const after = identityOf(await replicas.use(room, cookie));
    expect(after.assertion()).not.toBe(before);
    expect(after.headers).toEqual([['kubeflow-userid', 'sub-1@example.com']]);
  });
});

describe('a provider that fails', () => {
  it('ends nothing, is left alone for growing pauses, and is believed when it is back', async () => {
    const { cookie } = await replicas.browser(room);
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    for (let minute = 0; minute < 60; minute++) {
      await replicas.pass(59 * SECOND_MS);
      expect((await replicas.use(room, cookie)).kind).toBe('authenticated');
    }
    const asked = replicas.provider.presented.length;
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(16);
    replicas.provider.answer = undefined;
    replicas.provider.groups = ['team-b'];
    for (let minute = 0; minute < 11; minute++) {
      await replicas.pass(59 * SECOND_MS);
      await replicas.use(room, cookie);
    }
    expect(await replicas.groups(room, cookie)).toEqual(['team-b']);
  });

  it('cannot keep claims alive beyond their greatest age', async () => {
    replicas.provider.answer = () => Promise.resolve({ kind: 'failed' });
    const { cookie } = await replicas.browser(room);
    for (let hour = 0; hour < 7; hour++) {
      expect((await replicas.use(room, cookie)).kind).toBe('authenticated');
      await replicas.pass(HOUR_MS);
    }
    await replicas.pass(HOUR_MS);
    const tooOld = { kind: 'absent', reason: 'claims_too_old' };
    expect(await replicas.use(room, cookie)).toEqual(tooOld);
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
    await replicas.use(room, cookie);
    await replicas.pass(HOUR_MS);
    replicas.provider.groups = ['team-b'];
    const waiting = Promise.resolve(room.authenticator.authenticate(cookie));
    await replicas.pass(SECOND_MS);
    expect(identityOf(await waiting).principal.groups).toEqual(['team-b']);
  });

  it('is not refreshed by an open connection that nobody uses', async () => {
    const { cookie } = await replicas.browser(room);
    await replicas.use(room, cookie);
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
    await replicas.use(room, cookie);
    await replicas.pass(19 * MINUTE_MS);
    expect((await replicas.use(room, cookie)).kind).toBe('authenticated');
    await replicas.pass(MINUTE_MS);
    expect(await replicas.use(room, cookie)).toEqual({ kind: 'absent', reason: 'claims_too_old' });
    expect(replicas.provider.presented).toHaveLength(0);
  });
});
