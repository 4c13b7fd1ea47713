import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  identityOf,
  newKey,
  SessionReplicas,
  settled,
} from '../../../test/fixtures/session-replicas.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { SessionRoom } from './create-sessions.ts';
import { newSessionId, sessionKeyOf, signSessionCookie } from './session-cookie.ts';

let replicas: SessionReplicas;
let room: SessionRoom;

beforeEach(() => {
  replicas = new SessionReplicas();
  room = replicas.replica();
});
afterEach(() => replicas.close());

const ended = { kind: 'absent', reason: 'session_ended' };
const expired = { kind: 'absent', reason: 'session_expired' };

describe('a session cookie', () => {
  it('resolves to who signed in, with the headers that applications get', async () => {
    const { cookie } = await replicas.browser(room);
    const identity = identityOf(await room.authenticator.authenticate(cookie));
    expect(identity.principal).toEqual({ userId: 'sub-1@example.com', groups: ['team-a'] });
    expect(identity.headers).toEqual([
      ['kubeflow-userid', 'sub-1@example.com'],
      ['kubeflow-groups', 'team-a'],
    ]);
  });

  it('is answered without a promise and without the store once it is known', async () => {
    const { cookie } = await replicas.browser(room);
    const first = await room.authenticator.authenticate(cookie);
    const trips = replicas.store.calls.length;
    expect(room.authenticator.authenticate(cookie)).toBe(first);
    expect(room.authenticator.recheck(cookie)).toBe(first);
    expect(replicas.store.calls).toHaveLength(trips);
  });

  it('works at every replica', async () => {
    const { cookie } = await replicas.browser(room);
    const there = await replicas.replica().authenticator.authenticate(cookie);
    expect(there.kind).toBe('authenticated');
  });

  it('in another spelling finds the same entry', async () => {
    const { cookie } = await replicas.browser(room);
    const known = await room.authenticator.authenticate(cookie);
    const trips = replicas.store.calls.length;
    expect(await room.authenticator.authenticate(decodeURIComponent(cookie))).toBe(known);
    expect(replicas.store.calls).toHaveLength(trips);
  });

  it('with a bad signature is absent and never reaches the store', async () => {
    const { id } = await replicas.browser(room);
    const trips = replicas.store.calls.length;
    for (const forged of ['', 'x', id, signSessionCookie(id, newKey()), 's'.repeat(5000)]) {
      expect(await room.authenticator.authenticate(forged)).toEqual({
        kind: 'absent',
        reason: 'session_cookie_invalid',
      });
    }
    expect(replicas.store.calls).toHaveLength(trips);
  });

  it('with a good signature but no session is absent', async () => {
    const cookie = replicas.cookieOf(newSessionId(systemRandom));
    expect(await room.authenticator.authenticate(cookie)).toEqual(ended);
  });

  it('makes one trip to the store however many requests arrive with it', async () => {
    const { cookie } = await replicas.browser(room);
    const trips = replicas.store.count('readSession');
    const all = await Promise.all(
      Array.from({ length: 50 }, async () => await room.authenticator.authenticate(cookie)),
    );
    expect(new Set(all).size).toBe(1);
    expect(replicas.store.count('readSession') - trips).toBe(1);
  });

  it('survives the rotation of both keys as long as the old ones are kept', async () => {
    const { cookie } = await replicas.browser(room);
    replicas.cookieKeys = [newKey(), ...replicas.cookieKeys];
    replicas.recordKeys = [newKey(), ...replicas.recordKeys];
    expect((await replicas.replica().authenticator.authenticate(cookie)).kind).toBe(
      'authenticated',
    );
  });

  it('is unavailable, not absent, while this replica lacks the key of its record', async () => {
    const { cookie } = await replicas.browser(room);
    replicas.recordKeys = [newKey()];
    const answer = await replicas.replica().authenticator.authenticate(cookie);
    expect(answer).toMatchObject({ kind: 'unavailable', reason: 'session_store_unavailable' });
  });

  it('leaves no trace of itself or its key in what applications and people see', async () => {
    const { id, cookie } = await replicas.browser(room);
    const identity = identityOf(await room.authenticator.authenticate(cookie));
    const seen = JSON.stringify([identity.credential, identity.headers, identity.assertion()]);
    for (const secret of [id, id.slice(2), sessionKeyOf(id), cookie])
      expect(seen).not.toContain(secret);
  });
});

describe('the session JWT', () => {
  it('is signed at first use and again in its last minute', async () => {
    const { cookie } = await replicas.browser(room);
    const identity = identityOf(await room.authenticator.authenticate(cookie));
    const first = identity.assertion();
    await replicas.pass(3.9 * MINUTE_MS);
    expect(identity.assertion()).toBe(first);
    await replicas.pass(0.1 * MINUTE_MS);
    expect(identity.assertion()).not.toBe(first);
  });
});

describe('the idle limit', () => {
  it('ends a session that is not used', async () => {
    const { cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    await replicas.pass(2 * HOUR_MS + MINUTE_MS);
    expect(await room.authenticator.authenticate(cookie)).toEqual(expired);
    expect(await replicas.replica().authenticator.authenticate(cookie)).toEqual(expired);
  });

  it('is moved by every request and by connections in use', async () => {
    const { cookie } = await replicas.browser(room);
    const identity = identityOf(await room.authenticator.authenticate(cookie));
    await replicas.pass(1.9 * HOUR_MS);
    identity.markUsed();
    await replicas.pass(1.9 * HOUR_MS);
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('authenticated');
    await replicas.pass(1.9 * HOUR_MS);
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('authenticated');
  });

  it('is not moved by asking again for an open connection', async () => {
    const { cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    await replicas.pass(1.9 * HOUR_MS);
    expect((await room.authenticator.recheck(cookie)).kind).toBe('authenticated');
    await replicas.pass(0.2 * HOUR_MS);
    expect(await room.authenticator.recheck(cookie)).toEqual(expired);
  });

  it('is moved by use at another replica, also by one that is not written back yet', async () => {
    const { cookie } = await replicas.browser(room);
    const other = replicas.replica();
    await room.authenticator.authenticate(cookie);
    await other.authenticator.authenticate(cookie);
    await replicas.pass(2 * HOUR_MS - 5 * SECOND_MS);
    await other.authenticator.authenticate(cookie);
    await replicas.pass(6 * SECOND_MS);
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('authenticated');
    await replicas.pass(1.9 * HOUR_MS);
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('authenticated');
  });

  it('is neither granted nor over while the store cannot be asked about it', async () => {
    const { cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    await replicas.pass(2 * HOUR_MS + MINUTE_MS);
    replicas.store.health = 'down';
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('unavailable');
  });

  it('costs the store one write for many uses', async () => {
    const { cookie } = await replicas.browser(room);
    for (let second = 0; second < 60; second++) {
      await room.authenticator.authenticate(cookie);
      await replicas.pass(SECOND_MS);
    }
    expect(replicas.store.count('touchSessions')).toBeLessThanOrEqual(3);
  });
});

describe('the absolute limit', () => {
  it('ends a session however much it is used, and without the store', async () => {
    replicas = new SessionReplicas({ idleMs: 24 * HOUR_MS, claimsMaxAgeMs: 48 * HOUR_MS });
    room = replicas.replica();
    const { cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    await replicas.pass(24 * HOUR_MS);
    replicas.store.health = 'down';
    expect(await room.authenticator.authenticate(cookie)).toEqual(expired);
    expect(room.authenticator.authenticate(cookie)).toEqual(expired);
  });
});

describe('a revoked session', () => {
  it('is refused at once where it was revoked, and elsewhere as soon as that is heard', async () => {
    const other = replicas.replica();
    const { id, cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    await other.authenticator.authenticate(cookie);
    await room.sessions.end(id, 'signed_out');
    const signedOut = { kind: 'absent', reason: 'signed_out' };
    expect(room.authenticator.authenticate(cookie)).toEqual(signedOut);
    expect(await other.authenticator.authenticate(cookie)).toEqual(signedOut);
  });

  it('makes listeners ask again, and they hear the new answer', async () => {
    const other = replicas.replica();
    const { id, cookie } = await replicas.browser(room);
    await other.authenticator.authenticate(cookie);
    const heard: Promise<unknown>[] = [];
    other.sessions.onChange(() => heard.push(Promise.resolve(other.authenticator.recheck(cookie))));
    await room.sessions.end(id, 'signed_out');
    expect((await Promise.all(heard)).at(-1)).toEqual({ kind: 'absent', reason: 'signed_out' });
  });

  it('is refused within a minute when the message about it was lost', async () => {
    const { id, cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    await replicas.store.inner.endSession(sessionKeyOf(id), 'signed_out', Infinity);
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('authenticated');
    await replicas.pass(31 * SECOND_MS);
    await room.authenticator.authenticate(cookie);
    await settled();
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('absent');
  });

  it('is refused at the first request after a pause when the message about it was lost', async () => {
    const { id, cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    await replicas.store.inner.endSession(sessionKeyOf(id), 'signed_out', Infinity);
    await replicas.pass(61 * SECOND_MS);
    expect((await room.authenticator.authenticate(cookie)).kind).toBe('absent');
  });

  it('costs no trip to the store after the first refusal', async () => {
    const { id, cookie } = await replicas.browser(room);
    await room.sessions.end(id, 'signed_out');
    await replicas.replica().authenticator.authenticate(cookie);
    const other = replicas.replica();
    await other.authenticator.authenticate(cookie);
    const trips = replicas.store.calls.length;
    expect((await other.authenticator.authenticate(cookie)).kind).toBe('absent');
    expect(replicas.store.calls).toHaveLength(trips);
  });

  it('is not let in again by a read that began before the revocation', async () => {
    const other = replicas.replica();
    const { id, cookie } = await replicas.browser(room);
    const late = Promise.withResolvers<undefined>();
    replicas.store.after = () => late.promise;
    const asking = Promise.resolve(other.authenticator.authenticate(cookie));
    await settled();
    replicas.store.after = () => Promise.resolve();
    await room.sessions.end(id, 'signed_out');
    late.resolve(undefined);
    expect((await asking).kind).toBe('authenticated');
    expect((await other.authenticator.authenticate(cookie)).kind).toBe('absent');
  });
});

describe('an answer of the store that comes too late', () => {
  it('does not grant a known session that was revoked meanwhile', async () => {
    const { id, cookie } = await replicas.browser(room);
    await room.authenticator.authenticate(cookie);
    replicas.channel.announce(sessionKeyOf(id));
    const late = Promise.withResolvers<undefined>();
    replicas.store.after = () => late.promise;
    const asking = Promise.resolve(room.authenticator.authenticate(cookie));
    await settled();
    replicas.store.after = () => Promise.resolve();
    await room.sessions.end(id, 'signed_out');
    late.resolve(undefined);
    expect(await asking).toEqual({ kind: 'absent', reason: 'signed_out' });
  });
});

describe('the cache', () => {
  it('keeps to its limit, and a session that it dropped is read again', async () => {
    replicas = new SessionReplicas({ cacheEntries: 4 });
    room = replicas.replica();
    const first = await replicas.browser(room);
    await room.authenticator.authenticate(first.cookie);
    expect(room.authenticator.authenticate(first.cookie)).not.toBeInstanceOf(Promise);
    for (let count = 0; count < 5; count++) {
      const { cookie } = await replicas.browser(room);
      await room.authenticator.authenticate(cookie);
    }
    const again = room.authenticator.authenticate(first.cookie);
    expect(again).toBeInstanceOf(Promise);
    expect((await again).kind).toBe('authenticated');
  });
});
