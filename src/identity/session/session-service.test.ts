import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identityOf, SessionReplicas } from '../../../test/fixtures/session-replicas.ts';
import { HOUR_MS, MINUTE_MS } from '../../kernel/duration.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { SessionRoom } from './create-sessions.ts';
import { personKey } from './person-key.ts';
import { StoreUnavailable } from './record-store.ts';
import { newSessionId, sessionKeyOf } from './session-cookie.ts';
import type { LogoutSelector } from './sessions.ts';

let replicas: SessionReplicas;
let room: SessionRoom;

beforeEach(() => {
  replicas = new SessionReplicas();
  room = replicas.replica();
});
afterEach(() => replicas.close());

const provider = { issuer: 'https://idp.example.com', clientId: 'kubeflow' };

async function kindOf(cookie: string): Promise<string> {
  return (await room.authenticator.authenticate(cookie)).kind;
}

function providerRecord(sub = 'sub-1') {
  return replicas.store.inner.readProviderRecord(personKey({ ...provider, sub }));
}

describe('a sign-in', () => {
  it('gives every session a handle of its own', async () => {
    const handles = new Set<unknown>();
    for (let count = 0; count < 3; count++) {
      const { cookie } = await replicas.browser(room);
      handles.add(
        identityOf(await room.authenticator.authenticate(cookie)).credential.sessionHandle,
      );
    }
    expect(handles.size).toBe(3);
  });

  it('replaces the tokens of the person and leaves the other sessions alone', async () => {
    const first = await replicas.browser(room);
    const before = await providerRecord();
    const second = await replicas.browser(room);
    expect((await providerRecord())?.revision).not.toBe(before?.revision);
    expect(await kindOf(first.cookie)).toBe('authenticated');
    expect(await kindOf(second.cookie)).toBe('authenticated');
  });

  it('never happens twice under one id', async () => {
    const { id } = await replicas.browser(room);
    await expect(room.sessions.establish(id, replicas.provider.signIn())).rejects.toThrow('taken');
  });

  it('cannot bring back an id that was revoked', async () => {
    const { id, cookie } = await replicas.browser(room);
    await room.sessions.end(id, 'signed_out');
    await expect(room.sessions.establish(id, replicas.provider.signIn())).rejects.toThrow('taken');
    expect(await kindOf(cookie)).toBe('absent');
  });
});

describe('a sign-out', () => {
  it('returns the tokens with the sid of this very session', async () => {
    const first = await replicas.browser(room, replicas.provider.signIn({ providerSid: 'sid-1' }));
    await replicas.browser(room, replicas.provider.signIn({ providerSid: 'sid-2' }));
    const tokens = await room.sessions.end(first.id, 'signed_out');
    expect(tokens).toMatchObject({ ...provider, sub: 'sub-1', providerSid: 'sid-1' });
    expect(tokens?.idToken).toBe('id-token-sub-1');
  });

  it('ends this session only', async () => {
    const [one, other] = [await replicas.browser(room), await replicas.browser(room)];
    await room.sessions.end(one.id, 'signed_out');
    expect(await kindOf(one.cookie)).toBe('absent');
    expect(await kindOf(other.cookie)).toBe('authenticated');
  });

  it('forgets the tokens with the last session of the person, and not before', async () => {
    const [one, other] = [await replicas.browser(room), await replicas.browser(room)];
    await room.sessions.end(one.id, 'signed_out');
    expect(await providerRecord()).toBeDefined();
    await room.sessions.end(other.id, 'signed_out');
    expect(await providerRecord()).toBeUndefined();
  });

  it('of a session that had ended or never was does nothing', async () => {
    const { id } = await replicas.browser(room);
    await room.sessions.end(id, 'signed_out');
    expect(await room.sessions.end(id, 'session_ended')).toBeUndefined();
    expect(await room.sessions.end(newSessionId(systemRandom), 'signed_out')).toBeUndefined();
    const stored = await replicas.store.inner.readSession(sessionKeyOf(id));
    expect(stored).toEqual({ kind: 'ended', reason: 'signed_out' });
  });

  it('stays ended until the absolute limit', async () => {
    const { id, cookie } = await replicas.browser(room);
    await room.sessions.end(id, 'signed_out');
    await replicas.pass(23.9 * HOUR_MS);
    const answer = await replicas.replica().authenticator.authenticate(cookie);
    expect(answer).toEqual({ kind: 'absent', reason: 'signed_out' });
  });

  it('that fails half way can be repeated', async () => {
    const { id, cookie } = await replicas.browser(room);
    replicas.store.after = (operation) =>
      operation === 'readProviderRecord'
        ? Promise.reject(new StoreUnavailable('gone'))
        : Promise.resolve();
    await expect(room.sessions.end(id, 'signed_out')).rejects.toThrow(StoreUnavailable);
    expect(await kindOf(cookie)).toBe('authenticated');
    replicas.store.after = () => Promise.resolve();
    expect(await room.sessions.end(id, 'signed_out')).toBeDefined();
    expect(await kindOf(cookie)).toBe('absent');
  });

  it('succeeds although the tokens could not be forgotten', async () => {
    const { id, cookie } = await replicas.browser(room);
    replicas.store.after = (operation) =>
      operation === 'deleteProviderRecord'
        ? Promise.reject(new StoreUnavailable('gone'))
        : Promise.resolve();
    expect(await room.sessions.end(id, 'signed_out')).toBeDefined();
    expect(await kindOf(cookie)).toBe('absent');
  });
});

describe("a provider's logout message", () => {
  async function threeBrowsers() {
    const withSid = (sub: string, providerSid: string) =>
      replicas.browser(room, replicas.provider.signIn({ sub, providerSid }));
    return {
      laptop: await withSid('sub-1', 'sid-laptop'),
      phone: await withSid('sub-1', 'sid-phone'),
      colleague: await withSid('sub-2', 'sid-colleague'),
    };
  }

  it.each<[string, Partial<LogoutSelector>, string[]]>([
    ['by sid', { providerSid: 'sid-laptop' }, ['laptop']],
    ['by sub', { sub: 'sub-1' }, ['laptop', 'phone']],
    ['by both', { sub: 'sub-1', providerSid: 'sid-phone' }, ['phone']],
    ['by an unknown sid', { providerSid: 'sid-of-nobody' }, []],
    ['by an unknown sub', { sub: 'nobody' }, []],
    ['of another issuer', { issuer: 'https://other.example.com', sub: 'sub-1' }, []],
    ['of another client', { clientId: 'other', providerSid: 'sid-laptop' }, []],
  ])('%s ends exactly the sessions that it names', async (_how, named, expected) => {
    const browsers = await threeBrowsers();
    const selector = { ...provider, sub: undefined, providerSid: undefined, ...named };
    const ended = await room.sessions.endSelected(selector, 'signed_out_at_provider');
    const gone: string[] = [];
    for (const [name, { cookie }] of Object.entries(browsers)) {
      if ((await kindOf(cookie)) === 'absent') gone.push(name);
    }
    expect({ ended, gone }).toEqual({ ended: expected.length, gone: expected });
  });

  it('does not count sessions that had ended before', async () => {
    const { laptop } = await threeBrowsers();
    await room.sessions.end(laptop.id, 'signed_out');
    const selector = { ...provider, sub: 'sub-1', providerSid: undefined };
    expect(await room.sessions.endSelected(selector, 'signed_out_at_provider')).toBe(1);
    expect(await room.sessions.endSelected(selector, 'signed_out_at_provider')).toBe(0);
  });

  it('by sid and sub also ends sessions that were begun without a sid', async () => {
    const { cookie } = await replicas.browser(room, replicas.provider.signIn());
    const selector = { ...provider, sub: 'sub-1', providerSid: 'sid-1' };
    expect(await room.sessions.endSelected(selector, 'signed_out_at_provider')).toBe(1);
    expect(await room.authenticator.authenticate(cookie)).toEqual({
      kind: 'absent',
      reason: 'signed_out_at_provider',
    });
  });

  it('ends a session that is just being written', async () => {
    const begun = Promise.withResolvers<undefined>();
    const ended = Promise.withResolvers<undefined>();
    const create = replicas.store.inner.createSession.bind(replicas.store.inner);
    replicas.store.inner.createSession = async (key, session) => {
      begun.resolve(undefined);
      await ended.promise;
      return await create(key, session);
    };
    replicas.store.inner.sessionsOfPerson = () => Promise.resolve([sessionKeyOf(id)]);
    const id = newSessionId(systemRandom);
    const signIn = room.sessions.establish(id, replicas.provider.signIn());
    await begun.promise;
    const selector = { ...provider, sub: 'sub-1', providerSid: undefined };
    await room.sessions.endSelected(selector, 'signed_out_at_provider');
    ended.resolve(undefined);
    await expect(signIn).rejects.toThrow('taken');
  });

  it('is remembered, so that its replay is recognised at every replica', async () => {
    const untilMs = replicas.clock.nowMs() + MINUTE_MS;
    const other = replicas.replica().sessions;
    expect(await other.isRemembered('jti')).toBe(false);
    await room.sessions.remember('jti', untilMs);
    expect(await other.isRemembered('jti')).toBe(true);
  });

  it('is kept under a name of fixed length, whatever its own is', async () => {
    const remember = vi.spyOn(replicas.store.inner, 'remember');
    await room.sessions.remember('x'.repeat(100_000), replicas.clock.nowMs() + MINUTE_MS);
    expect(remember.mock.lastCall?.[0]).toMatch(/^[\w-]{43}$/);
  });
});

describe('listeners to changes', () => {
  it('hear of them until they stop listening', async () => {
    let heard = 0;
    const stop = room.sessions.onChange(() => (heard += 1));
    const [one, other] = [await replicas.browser(room), await replicas.browser(room)];
    await room.sessions.end(one.id, 'signed_out');
    expect(heard).toBeGreaterThan(0);
    const before = heard;
    stop();
    await room.sessions.end(other.id, 'signed_out');
    expect(heard).toBe(before);
  });
});

describe('a listener that fails', () => {
  it('undoes no sign-out and keeps nobody else from hearing of it', async () => {
    let heard = 0;
    room.sessions.onChange(() => {
      throw new Error('a fault of the listener');
    });
    room.sessions.onChange(() => (heard += 1));
    const { id, cookie } = await replicas.browser(room);
    expect(await room.sessions.end(id, 'signed_out')).toBeDefined();
    expect(heard).toBeGreaterThan(0);
    expect(await kindOf(cookie)).toBe('absent');
  });
});

describe('closing', () => {
  it('writes back last uses, so that nothing of them is lost at a restart', async () => {
    const { id, cookie } = await replicas.browser(room);
    await replicas.pass(MINUTE_MS);
    await room.authenticator.authenticate(cookie);
    await room.close();
    const stored = await replicas.store.inner.readSession(sessionKeyOf(id));
    expect(stored).toMatchObject({ kind: 'live', lastUsedAtMs: replicas.clock.nowMs() });
  });
});
