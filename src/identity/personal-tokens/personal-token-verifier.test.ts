// Judging tokens that people made here: form, record, and what this replica hears meanwhile.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKey } from '../../../test/fixtures/session-replicas.ts';
import {
  newLogin,
  newToken,
  scopeOf,
  TokenReplicas,
  verdictOn,
  verified,
  type TokenReplica,
} from '../../../test/fixtures/token-replicas.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { systemRandom } from '../../kernel/random.ts';
import { readUnverifiedToken } from '../bearer/unverified-token.ts';
import { RecordSealer } from '../session/sealed-record.ts';
import { sealAccessToken } from './access-tokens.ts';
import { tokenKeyOf } from './token-keys.ts';
import { formatTokenText, readTokenText } from './token-text.ts';

let replicas: TokenReplicas;
let replica: TokenReplica;

beforeEach(() => {
  replicas = new TokenReplicas();
  replica = replicas.tokenReplica();
});
afterEach(() => replicas.close());

const unavailable = { kind: 'unavailable', reason: 'token_store_unavailable', retryAfterSec: 5 };

describe('a token of ours', () => {
  it('stands for who made it, within its scope, by one read of the store', async () => {
    const scope = scopeOf('read namespace:team-a');
    const { token, summary } = await replicas.token(replica, { scope });
    const callsBefore = replicas.store.calls.length;
    const found = await verified(replica, token);
    expect(replicas.store.calls.slice(callsBefore)).toEqual(['readSession']);
    expect(found).toMatchObject({
      handle: summary.handle,
      principal: { userId: 'sub-1@example.com', groups: ['team-a'] },
      email: 'sub-1@example.com',
      authTimeSec: replicas.clock.nowMs() / 1000,
      expiresAtMs: summary.expiresAtMs,
      freshForMs: 30 * SECOND_MS,
      scope,
    });
    expect([found.ended?.(), found.isDoubted?.()]).toEqual([undefined, false]);
  });

  it('ends when it was made to end', async () => {
    const { token } = await replicas.token(replica, { lifetimeMs: MINUTE_MS });
    await replicas.pass(MINUTE_MS - 1);
    await verified(replica, token);
    await replicas.clock.advance(1);
    expect(await verdictOn(replica, token)).toMatchObject({ kind: 'rejected' });
  });

  it('is one by its prefix alone, and nothing else is', () => {
    const { verifier } = replica;
    for (const text of ['kfgw_', 'kfgwa_x', 'kfgwr_x'])
      expect(verifier.claims(readUnverifiedToken(text))).toBe(true);
    for (const text of ['', 'kfgw', 'KFGW_x', ' kfgw_', 'kfgwx_', 'eyJhbGciOiJub25lIn0.e30.x'])
      expect(verifier.claims(readUnverifiedToken(text))).toBe(false);
  });

  it('is neither read nor asked about when a character is wrong', async () => {
    const { token } = await replicas.token(replica);
    const { accessToken } = await replicas.login(replica);
    const callsBefore = replicas.store.calls.length;
    for (const good of [token, accessToken]) {
      const other = good.at(20) === 'x' ? 'y' : 'x';
      const wrong = `${good.slice(0, 20)}${other}${good.slice(21)}`;
      for (const bad of [wrong, good.slice(0, -1), `${good}0`, good.toLowerCase()])
        expect(await verdictOn(replica, bad)).toMatchObject({
          kind: 'rejected',
          reason: 'invalid_token',
        });
    }
    expect(replicas.store.calls).toHaveLength(callsBefore);
  });

  it('is refused when it was never made, however well it is formed', async () => {
    const secret = 'x'.repeat(43);
    const verdict = await verdictOn(replica, formatTokenText({ kind: 'personal', secret }));
    expect(verdict).toMatchObject({ kind: 'rejected', reason: 'invalid_token' });
  });

  it('is no bearer token while it is one to refresh with', async () => {
    const { refreshToken } = await replicas.login(replica);
    expect(await verdictOn(replica, refreshToken)).toMatchObject({
      kind: 'rejected',
      reason: 'invalid_token',
    });
  });

  it('tells nothing of itself where it is refused', async () => {
    const { token } = await replicas.token(replica);
    const verdict = await verdictOn(replica, `${token}0`);
    expect(JSON.stringify(verdict)).not.toContain(token.slice(5, 15));
  });
});

describe('an access token', () => {
  it('ends after some minutes, and its login goes on', async () => {
    const login = await replicas.login(replica);
    const nowMs = replicas.clock.nowMs();
    const found = await verified(replica, login.accessToken);
    expect(found.expiresAtMs).toBe(nowMs + 10 * MINUTE_MS);
    await replicas.pass(10 * MINUTE_MS);
    const callsBefore = replicas.store.calls.length;
    expect(await verdictOn(replica, login.accessToken)).toMatchObject({
      kind: 'rejected',
      reason: 'token_expired',
    });
    expect(replicas.store.calls).toHaveLength(callsBefore);
    expect((await replica.service.refreshLogin(login.refreshToken)).kind).toBe('refreshed');
  });

  it('cannot be made without our keys', async () => {
    const { refreshToken } = await replicas.login(replica);
    const read = readTokenText(refreshToken);
    if (read?.kind !== 'refresh') throw new Error('no refresh token');
    const grant = { key: tokenKeyOf('login', read.login), expiresAtMs: Number.MAX_SAFE_INTEGER };
    const foreign = new RecordSealer(() => [newKey()], systemRandom);
    // A key that only newer replicas have looks the same: nobody is granted, nothing is said for good.
    expect(await verdictOn(replica, sealAccessToken(foreign, grant))).toEqual(unavailable);
    const ours = new RecordSealer(replicas.keys.record, systemRandom);
    const elsewhere = ours.seal({ purpose: 'token', name: 'bearer' }, JSON.stringify(grant));
    const moved = formatTokenText({ kind: 'access', sealed: elsewhere });
    expect(await verdictOn(replica, moved)).toMatchObject({ reason: 'invalid_token' });
    const unreadable = ours.seal({ purpose: 'access-token', name: 'bearer' }, '{"v":9}');
    const future = formatTokenText({ kind: 'access', sealed: unreadable });
    expect(await verdictOn(replica, future)).toMatchObject({ reason: 'invalid_token' });
    await verified(replica, sealAccessToken(ours, grant));
  });
});

describe('a token that is revoked', () => {
  it('is doubted at every replica at once, and then refused', async () => {
    const other = replicas.tokenReplica();
    const { token, person, summary } = await replicas.token(replica);
    const { token: second } = await newToken(replica, person);
    const known = await verified(other, token);
    const bystander = await verified(other, second);
    await replica.service.revoke(person, summary.handle);
    expect([known.isDoubted?.(), bystander.isDoubted?.()]).toEqual([true, false]);
    expect(await verdictOn(other, token)).toMatchObject({ reason: 'token_revoked' });
  });

  it('is doubted also when that happened while it was read', async () => {
    const { token, person, summary } = await replicas.token(replica);
    replicas.store.after = async (operation) => {
      if (operation !== 'readSession') return;
      replicas.store.after = () => Promise.resolve();
      await replica.service.revoke(person, summary.handle);
    };
    const known = await verified(replica, token);
    expect(known.isDoubted?.()).toBe(true);
    expect((await verdictOn(replica, token)).kind).toBe('rejected');
  });

  it('is not believed by an answer that was on its way before', async () => {
    const { token, person, summary } = await replicas.token(replica);
    const held = Promise.withResolvers<undefined>();
    replicas.store.after = async (operation) => {
      if (operation !== 'readSession') return;
      replicas.store.after = () => Promise.resolve();
      await held.promise;
    };
    const before = verdictOn(replica, token);
    await replica.service.revoke(person, summary.handle);
    const after = verdictOn(replica, token);
    await replicas.pass(1);
    held.resolve(undefined);
    expect((await before).kind).toBe('verified');
    expect(await after).toMatchObject({ kind: 'rejected', reason: 'token_revoked' });
  });

  it('takes all access tokens of its login with it', async () => {
    const { person } = await replicas.signIn(replica);
    const [login, other] = [await newLogin(replica, person), await newLogin(replica, person)];
    const known = await verified(replica, login.accessToken);
    await replica.service.revoke(person, login.summary.handle);
    expect(known.isDoubted?.()).toBe(true);
    expect((await verdictOn(replica, login.accessToken)).kind).toBe('rejected');
    await verified(replica, other.accessToken);
  });

  it('is refused where it was revoked although the store falls silent', async () => {
    const { token, person, summary } = await replicas.token(replica);
    const known = await verified(replica, token);
    await replica.service.revoke(person, summary.handle);
    replicas.store.health = 'down';
    expect(known.ended?.()).toBe('token_revoked');
  });

  it('tells who watches, and a session does not', async () => {
    let told = 0;
    const stop = replica.onChange(() => (told += 1));
    const { person, summary, sessionId } = await replicas.token(replica);
    expect(told).toBe(0);
    await replica.service.revoke(person, summary.handle);
    expect(told).toBe(1);
    await replica.sessions.sessions.end(sessionId, 'signed_out');
    expect(told).toBe(1);
    replicas.channel.missMessages();
    expect(told).toBe(2);
    stop();
    replicas.channel.missMessages();
    expect(told).toBe(2);
  });
});

describe('messages that may have been missed', () => {
  it('make every token be asked about again, once', async () => {
    const { token } = await replicas.token(replica);
    const known = await verified(replica, token);
    replicas.channel.missMessages();
    expect(known.isDoubted?.()).toBe(true);
    expect((await verified(replica, token)).isDoubted?.()).toBe(false);
  });
});

describe('a store that is silent', () => {
  it('is waited for two seconds, and then neither grants nor refuses', async () => {
    const { token } = await replicas.token(replica);
    replicas.store.health = 'hanging';
    const asked = verdictOn(replica, token);
    await replicas.pass(2 * SECOND_MS);
    expect(await asked).toEqual(unavailable);
    expect(await verdictOn(replica, token)).toEqual(unavailable);
    replicas.store.health = 'up';
    await replicas.pass(SECOND_MS);
    await verified(replica, token);
  });

  it('keeps nobody’s claims alive', async () => {
    const { token } = await replicas.token(replica);
    const known = await verified(replica, token);
    replicas.store.health = 'down';
    await verdictOn(replica, token);
    await replicas.pass(DAY_MS - 2_000);
    await verdictOn(replica, token);
    expect(known.ended?.()).toBeUndefined();
    await replicas.pass(2_000);
    await verdictOn(replica, token);
    expect(known.ended?.()).toBe('claims_too_old');
  });

  it('is not blamed for a record whose key is not here yet', async () => {
    const { token, person } = await replicas.token(replica);
    const keys = replicas.recordKeys;
    replicas.recordKeys = [newKey()];
    expect(await verdictOn(replica, token)).toEqual(unavailable);
    await expect(replica.service.list(person)).rejects.toThrow('key');
    replicas.recordKeys = [newKey(), ...keys];
    await verified(replica, token);
  });

  it('grants nothing by what somebody else wrote into it', async () => {
    const { token } = await replicas.token(replica);
    const { token: other } = await replicas.token(replica);
    const [key, otherKey] = [token, other].map((text) => {
      const read = readTokenText(text);
      return read?.kind === 'personal' ? tokenKeyOf('personal', read.secret) : '';
    });
    const stolen = await replicas.store.readSession(otherKey ?? '');
    if (stolen.kind !== 'live') throw new Error('no record');
    await replicas.store.replaceSession(key ?? '', stolen.sealed, 1);
    expect(await verdictOn(replica, token)).toMatchObject({ reason: 'invalid_token' });
  });
});
