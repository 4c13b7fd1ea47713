// Personal tokens and command-line logins through their service: made, listed, exchanged, revoked.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  newLogin,
  newToken,
  refreshed,
  scopeOf,
  TokenReplicas,
  verdictOn,
  verified,
  wishOf,
  type TokenReplica,
} from '../../../test/fixtures/token-replicas.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { StoreUnavailable } from '../session/record-store.ts';
import { tokenIndexOf, tokenKeyOf } from './token-keys.ts';
import { readTokenText } from './token-text.ts';

let replicas: TokenReplicas;
let replica: TokenReplica;

beforeEach(() => {
  replicas = new TokenReplicas();
  replica = replicas.tokenReplica();
});
afterEach(() => replicas.close());

const anyLogin = () => replicas.login(replica);

describe('making a token', () => {
  it('tells it once, and what it is for', async () => {
    const scope = scopeOf('write class:pipelines namespace:team-a');
    const wish = wishOf({ name: 'nightly run', scope });
    const { token, summary, person } = await replicas.token(replica, wish);
    expect(token).toMatch(/^kfgw_[0-9A-Za-z]{49}$/);
    const nowMs = replicas.clock.nowMs();
    expect(summary).toEqual({
      kind: 'personal',
      handle: summary.handle,
      name: 'nightly run',
      scope,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + 30 * DAY_MS,
      lastUsedAtMs: undefined,
    });
    expect(await replica.service.list(person)).toEqual([summary]);
    expect(JSON.stringify(await replica.service.list(person))).not.toContain(token.slice(5, 48));
  });

  it('is refused to whom the store knows no sign-in of', async () => {
    const refused = { kind: 'refused', reason: 'session_ended' };
    expect(await replica.service.createToken('nobody', wishOf())).toEqual(refused);
    expect(await replica.service.createLogin('nobody', wishOf())).toEqual(refused);
  });

  it.each([
    ['no name', { name: '' }],
    ['a name of 65 characters', { name: 'x'.repeat(65) }],
    ['a name of spaces', { name: '  ' }],
    ['a name with a space behind it', { name: 'ci ' }],
    ['a line break in its name', { name: 'ci\nroot' }],
    ['a change of direction in its name', { name: 'ci\u202Eexe' }],
    ['an invisible character in its name', { name: 'ci\u200B' }],
    ['a lone surrogate in its name', { name: 'ci\uD800' }],
    ['no time', { lifetimeMs: 0 }],
    ['a negative time', { lifetimeMs: -1 }],
    ['half a millisecond', { lifetimeMs: 0.5 }],
    ['no number', { lifetimeMs: Number.NaN }],
    ['more time than is allowed', { lifetimeMs: 90 * DAY_MS + 1 }],
  ])('is refused with %s', async (_what, wish) => {
    const { person } = await replicas.signIn(replica);
    const refused = { kind: 'refused', reason: 'token_wish_refused' };
    expect(await replica.service.createToken(person, wishOf(wish))).toEqual(refused);
    expect(await replica.service.createLogin(person, wishOf(wish))).toEqual(refused);
  });

  it('takes names in any script, and the longest life', async () => {
    const { person } = await replicas.signIn(replica);
    const wish = { name: `Jürgens Läufer – 夜間 #1 ${'x'.repeat(40)}`, lifetimeMs: 90 * DAY_MS };
    expect((await newToken(replica, person, wish)).summary.name).toBe(wish.name);
  });

  it('is refused to who has as many as one may have, until one is revoked or has expired', async () => {
    const { person } = await replicas.signIn(replica);
    const { summary } = await newToken(replica, person);
    await newLogin(replica, person);
    await newToken(replica, person, { lifetimeMs: MINUTE_MS });
    for (let more = 3; more < 5; more++) await newToken(replica, person);
    const full = { kind: 'refused', reason: 'too_many_tokens' };
    expect(await replica.service.createToken(person, wishOf())).toEqual(full);
    expect(await replica.service.createLogin(person, wishOf())).toEqual(full);
    await replica.service.revoke(person, summary.handle);
    await newToken(replica, person);
    expect(await replica.service.createToken(person, wishOf())).toEqual(full);
    await replicas.pass(MINUTE_MS);
    await newToken(replica, person);
  });

  it('is refused to whose sign-in is older than claims may be', async () => {
    const { person } = await replicas.signIn(replica);
    await newToken(replica, person, { lifetimeMs: 60 * DAY_MS });
    await replicas.pass(DAY_MS);
    const tooOld = { kind: 'refused', reason: 'claims_too_old' };
    expect(await replica.service.createToken(person, wishOf())).toEqual(tooOld);
  });
});

describe('a command-line login', () => {
  it('gives access tokens and refresh tokens of its own', async () => {
    const login = await anyLogin();
    expect(login.accessToken).toMatch(/^kfgwa_[0-9A-Za-z_-]{100,300}$/);
    expect(login.refreshToken).toMatch(/^kfgwr_[0-9A-Za-z]{71}$/);
    expect(login.accessExpiresInSec).toBe(600);
    const next = await refreshed(replica, login.refreshToken);
    expect(next.refreshToken).not.toBe(login.refreshToken);
    expect(next.accessToken).not.toBe(login.accessToken);
    for (const { accessToken } of [login, next])
      expect((await verified(replica, accessToken)).handle).toBe(login.summary.handle);
  });

  it('gives no access token that lives longer than itself', async () => {
    const login = await replicas.login(replica, { lifetimeMs: 90 * SECOND_MS });
    expect(login.accessExpiresInSec).toBe(90);
    await replicas.pass(60 * SECOND_MS);
    const next = await refreshed(replica, login.refreshToken);
    expect(next.accessExpiresInSec).toBe(30);
    await replicas.pass(30 * SECOND_MS);
    expect(await replica.service.refreshLogin(next.refreshToken)).toEqual({ kind: 'refused' });
    expect(await verdictOn(replica, next.accessToken)).toMatchObject({ reason: 'token_expired' });
  });

  it('answers a refresh token once more for a minute, with the same successor', async () => {
    const login = await anyLogin();
    const next = await refreshed(replica, login.refreshToken);
    await replicas.pass(MINUTE_MS);
    const again = await refreshed(replicas.tokenReplica(), login.refreshToken);
    expect(again.refreshToken).toBe(next.refreshToken);
    const third = await refreshed(replica, next.refreshToken);
    await verified(replica, third.accessToken);
  });

  it('is ended by a refresh token that was used long ago', async () => {
    const login = await anyLogin();
    const next = await refreshed(replica, login.refreshToken);
    await replicas.pass(MINUTE_MS + 1_000);
    expect(await replica.service.refreshLogin(login.refreshToken)).toEqual({ kind: 'refused' });
    expect(await replica.service.refreshLogin(next.refreshToken)).toEqual({ kind: 'refused' });
    expect(await verdictOn(replica, next.accessToken)).toMatchObject({
      kind: 'rejected',
      reason: 'refresh_token_reused',
    });
  });

  it('is ended by a refresh token that was replaced twice, however short ago', async () => {
    const login = await anyLogin();
    const { refreshToken } = await refreshed(replica, login.refreshToken);
    await refreshed(replica, refreshToken);
    expect(await replica.service.refreshLogin(login.refreshToken)).toEqual({ kind: 'refused' });
    expect(await replica.service.list(login.person)).toEqual([]);
  });

  it('gives one successor to processes that refresh at once, at different replicas', async () => {
    const login = await anyLogin();
    const others = [replica, replicas.tokenReplica(), replicas.tokenReplica(), replica];
    const all = await Promise.all(others.map((one) => refreshed(one, login.refreshToken)));
    expect(new Set(all.map(({ refreshToken }) => refreshToken)).size).toBe(1);
  });

  it.each(['personal', 'access'] as const)(
    'is not refreshed by a token of kind %s',
    async (kind) => {
      const { token } = await replicas.token(replica);
      const { accessToken } = await anyLogin();
      const given = kind === 'personal' ? token : accessToken;
      expect(await replica.service.refreshLogin(given)).toEqual({ kind: 'refused' });
    },
  );
});

describe('the list of tokens', () => {
  it('has the newest first, and nobody else’s', async () => {
    const first = await replicas.token(replica);
    await replicas.pass(SECOND_MS);
    const second = await newLogin(replica, first.person);
    const other = await replicas.signIn(replica, replicas.provider.signIn({ sub: 'sub-2' }));
    await newToken(replica, other.person);
    const listed = await replica.service.list(first.person);
    expect(listed).toEqual([second.summary, first.summary]);
  });

  it('says when each was used last, at this replica at once', async () => {
    const { token, person } = await replicas.token(replica);
    const known = await verified(replica, token);
    await replicas.pass(MINUTE_MS);
    known.markUsed?.();
    const nowMs = replicas.clock.nowMs();
    expect(await replica.service.list(person)).toMatchObject([{ lastUsedAtMs: nowMs }]);
  });

  it('says so at others within some seconds', async () => {
    const other = replicas.tokenReplica();
    const { token, person } = await replicas.token(replica);
    const nowMs = replicas.clock.nowMs();
    (await verified(replica, token)).markUsed?.();
    await replicas.pass(10 * SECOND_MS);
    expect(await other.service.list(person)).toMatchObject([{ lastUsedAtMs: nowMs }]);
  });

  it('leaves out what has expired', async () => {
    const { person } = await replicas.token(replica, { lifetimeMs: MINUTE_MS });
    await replicas.pass(MINUTE_MS);
    expect(await replica.service.list(person)).toEqual([]);
  });
});

describe('revoking', () => {
  it('ends one of the person’s own, by its handle', async () => {
    const { token, person, summary } = await replicas.token(replica);
    const { token: other } = await newToken(replica, person);
    expect(await replica.service.revoke(person, summary.handle)).toBe(true);
    expect(await verdictOn(replica, token)).toMatchObject({
      kind: 'rejected',
      reason: 'token_revoked',
    });
    await verified(replica, other);
    expect(await replica.service.list(person)).toHaveLength(1);
    expect(await replica.service.revoke(person, summary.handle)).toBe(false);
  });

  it('ends nobody else’s', async () => {
    const { token, summary } = await replicas.token(replica);
    const stranger = await replicas.signIn(replica, replicas.provider.signIn({ sub: 'sub-2' }));
    expect(await replica.service.revoke(stranger.person, summary.handle)).toBe(false);
    await verified(replica, token);
  });

  it('ends nobody else’s, not even when the store’s index says that it is theirs', async () => {
    const { token, summary } = await replicas.token(replica);
    const stranger = await replicas.signIn(replica, replicas.provider.signIn({ sub: 'sub-2' }));
    const read = readTokenText(token);
    if (read?.kind !== 'personal') throw new Error('no personal token');
    await replicas.store.createSession(tokenKeyOf('personal', read.secret), {
      sealed: Buffer.from(''),
      lastUsedAtMs: 0,
      expiresAtMs: summary.expiresAtMs,
      person: tokenIndexOf(stranger.person),
      providerSid: undefined,
    });
    expect(await replica.service.list(stranger.person)).toEqual([]);
    expect(await replica.service.revoke(stranger.person, summary.handle)).toBe(false);
    await verified(replica, token);
  });

  it.each(['accessToken', 'refreshToken'] as const)('ends a login by its %s', async (which) => {
    const login = await anyLogin();
    expect(await replica.service.revokeByToken(login[which])).toBe(true);
    expect(await replica.service.revokeByToken(login[which])).toBe(false);
    expect((await verdictOn(replica, login.accessToken)).kind).toBe('rejected');
    expect(await replica.service.refreshLogin(login.refreshToken)).toEqual({ kind: 'refused' });
  });

  it('ends a login by an access token that has expired, and by an old refresh token', async () => {
    const [one, other] = [await anyLogin(), await anyLogin()];
    await refreshed(replica, other.refreshToken);
    await replicas.pass(11 * MINUTE_MS);
    expect(await replica.service.revokeByToken(one.accessToken)).toBe(true);
    expect(await replica.service.revokeByToken(other.refreshToken)).toBe(true);
  });

  it('ends a personal token by itself, and nothing by what is none of ours', async () => {
    const { token } = await replicas.token(replica);
    for (const foreign of ['', 'kfgw_', 'eyJhbGciOiJub25lIn0.e30.', `${token}x`])
      expect(await replica.service.revokeByToken(foreign)).toBe(false);
    await verified(replica, token);
    expect(await replica.service.revokeByToken(token)).toBe(true);
    expect((await verdictOn(replica, token)).kind).toBe('rejected');
  });

  it('is never claimed while the store is down', async () => {
    const { token, person, summary } = await replicas.token(replica);
    replicas.store.health = 'down';
    await expect(replica.service.revoke(person, summary.handle)).rejects.toThrow(StoreUnavailable);
    await expect(replica.service.revokeByToken(token)).rejects.toThrow(StoreUnavailable);
    await expect(replica.service.list(person)).rejects.toThrow(StoreUnavailable);
    replicas.store.health = 'up';
    await verified(replica, token);
  });
});
