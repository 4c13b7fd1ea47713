// What a store that fails may do to sessions: keep strangers waiting. Never more.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKey, SessionReplicas } from '../../../test/fixtures/session-replicas.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Authentication } from '../authentication.ts';
import type { SessionRoom } from './create-sessions.ts';
import { MemoryRecordStore } from './memory-record-store.ts';
import { newSessionId, sessionKeyOf, signSessionCookie } from './session-cookie.ts';

let replicas: SessionReplicas;
let room: SessionRoom;

beforeEach(() => {
  replicas = new SessionReplicas();
  room = replicas.replica();
});
afterEach(() => replicas.close());

async function knownBrowser(of = room) {
  const browser = await replicas.browser(of);
  await of.authenticator.authenticate(browser.cookie);
  return browser;
}

/** A request that waits for the store at most as long as its deadline. */
async function answered(of: SessionRoom, cookie: string): Promise<Authentication> {
  const asked = Promise.resolve(of.authenticator.authenticate(cookie));
  await replicas.pass(2 * SECOND_MS);
  return await asked;
}

describe.each(['down', 'hanging'] as const)('while the store is %s', (health) => {
  it('known sessions go on within the bound, and nobody else is let in or sent away', async () => {
    const known = [await knownBrowser(), await knownBrowser(), await knownBrowser()];
    const unknown = [
      (await replicas.browser(room)).cookie,
      replicas.cookieOf(newSessionId(systemRandom)),
    ];
    const strangers = ['', 'junk', signSessionCookie(newSessionId(systemRandom), newKey())];
    replicas.store.health = health;
    const count = { granted: 0, loggedOut: 0, wronglyGranted: 0, waiting: 0 };
    for (let minute = 0; minute < 15; minute++) {
      for (const { cookie } of known) {
        const { kind } = await answered(room, cookie);
        if (kind === 'authenticated') count.granted += 1;
        else count.loggedOut += 1;
      }
      for (const cookie of [...unknown, ...strangers]) {
        const { kind } = await answered(room, cookie);
        if (kind === 'authenticated') count.wronglyGranted += 1;
        if (kind === 'unavailable') count.waiting += 1;
      }
      await replicas.pass(MINUTE_MS - 16 * SECOND_MS);
    }
    expect(count).toEqual({ granted: 45, loggedOut: 0, wronglyGranted: 0, waiting: 30 });
  });

  it('known sessions wait beyond the bound, and go on when the store is back', async () => {
    const { cookie } = await knownBrowser();
    replicas.store.health = health;
    replicas.channel.announce('any other session');
    await replicas.pass(MINUTE_MS);
    await answered(room, cookie);
    await replicas.pass(16 * MINUTE_MS);
    expect(await answered(room, cookie)).toMatchObject({
      kind: 'unavailable',
      reason: 'session_store_unavailable',
      retryAfterSec: 5,
    });
    replicas.store.health = 'up';
    await replicas.pass(2 * SECOND_MS);
    expect((await answered(room, cookie)).kind).toBe('authenticated');
  });

  it('sessions that were announced as changed go on too: the message is not believed', async () => {
    const { id, cookie } = await knownBrowser();
    replicas.store.health = health;
    replicas.channel.announce(sessionKeyOf(id));
    expect((await answered(room, cookie)).kind).toBe('authenticated');
  });

  it('sign-in and sign-out do not claim to have happened', async () => {
    const { id, cookie } = await knownBrowser();
    replicas.store.health = health;
    const claims = Promise.allSettled([
      room.sessions.end(id, 'signed_out'),
      room.sessions.establish(newSessionId(systemRandom), replicas.provider.signIn()),
    ]);
    await replicas.pass(SECOND_MS);
    replicas.store.health = 'up';
    for (const claim of await claims) {
      expect(claim).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } });
    }
    expect((await answered(room, cookie)).kind).toBe('authenticated');
  });
});

describe('a store that hangs', () => {
  it('keeps one request at a time waiting; the others are answered at once', async () => {
    const { cookie } = await knownBrowser();
    const { cookie: other } = await replicas.browser(room);
    replicas.store.health = 'hanging';
    void room.authenticator.authenticate(other);
    await replicas.pass(4 * SECOND_MS);
    const trips = replicas.store.calls.length;
    const waiting = Array.from(
      { length: 20 },
      async () => await room.authenticator.authenticate(other),
    );
    expect(replicas.store.calls).toHaveLength(trips + 1);
    expect(room.authenticator.authenticate(cookie)).toMatchObject({ kind: 'authenticated' });
    await replicas.pass(2 * SECOND_MS);
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(
      Array.from({ length: 20 }, () => 'unavailable'),
    );
  });

  it('is asked again every second, so that it is found as soon as it is back', async () => {
    const { cookie } = await replicas.browser(room);
    replicas.store.health = 'down';
    expect((await answered(room, cookie)).kind).toBe('unavailable');
    replicas.store.health = 'up';
    await replicas.pass(SECOND_MS);
    expect((await answered(room, cookie)).kind).toBe('authenticated');
  });
});

describe('a store that lost everything', () => {
  it('does not log known sessions out within the bound, and then does', async () => {
    const { id, cookie } = await knownBrowser();
    const stranger = await replicas.browser(room);
    replicas.store.inner = new MemoryRecordStore(replicas.clock);
    replicas.channel.announce(sessionKeyOf(id));
    expect((await answered(room, cookie)).kind).toBe('authenticated');
    expect((await answered(room, stranger.cookie)).kind).toBe('absent');
    await replicas.pass(14 * MINUTE_MS);
    expect((await answered(room, cookie)).kind).toBe('authenticated');
    await replicas.pass(2 * MINUTE_MS);
    expect(await answered(room, cookie)).toEqual({ kind: 'absent', reason: 'session_ended' });
  });

  it('is not asked at every request whether it found the session again', async () => {
    const { id, cookie } = await knownBrowser();
    replicas.store.inner = new MemoryRecordStore(replicas.clock);
    replicas.channel.announce(sessionKeyOf(id));
    await answered(room, cookie);
    const trips = replicas.store.calls.length;
    for (let request = 0; request < 10; request++) await answered(room, cookie);
    expect(replicas.store.calls).toHaveLength(trips);
  });

  it('makes no difference to a sign-out: every replica refuses', async () => {
    const other = replicas.replica();
    const { id, cookie } = await knownBrowser();
    await other.authenticator.authenticate(cookie);
    replicas.store.inner = new MemoryRecordStore(replicas.clock);
    await room.sessions.end(id, 'signed_out');
    for (const each of [room, other]) expect((await answered(each, cookie)).kind).toBe('absent');
  });

  it('does not let a session in again that was forged into it', async () => {
    const { id, cookie } = await knownBrowser();
    const lost = new MemoryRecordStore(replicas.clock);
    await lost.createSession(sessionKeyOf(id), {
      sealed: Buffer.from('forged'),
      lastUsedAtMs: replicas.clock.nowMs(),
      expiresAtMs: Infinity,
      person: 'person',
      providerSid: undefined,
    });
    replicas.store.inner = lost;
    expect((await answered(replicas.replica(), cookie)).kind).toBe('absent');
  });
});

describe('messages that may have been missed', () => {
  it('make every session doubtful, and the store is asked before the next answer', async () => {
    const [revoked, other] = [await knownBrowser(), await knownBrowser()];
    await replicas.store.inner.endSession(sessionKeyOf(revoked.id), 'signed_out', Infinity);
    const trips = replicas.store.count('readSession');
    replicas.channel.missMessages();
    expect((await answered(room, revoked.cookie)).kind).toBe('absent');
    expect((await answered(room, other.cookie)).kind).toBe('authenticated');
    expect(replicas.store.count('readSession') - trips).toBe(2);
  });

  it('do not prolong what is left of the bound, however often they are said to be missed', async () => {
    const { cookie } = await knownBrowser();
    replicas.store.health = 'down';
    for (let minute = 0; minute < 16; minute++) {
      replicas.channel.missMessages();
      await replicas.pass(MINUTE_MS);
    }
    expect((await answered(room, cookie)).kind).toBe('unavailable');
  });
});
