// Codes and device requests: what is redeemed is redeemed once, whoever comes when.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { FaultyRecordStore } from '../../../test/fixtures/faulty-record-store.ts';
import { ScriptedPersonalTokens } from '../../../test/fixtures/scripted-personal-tokens.ts';
import { systemRandom } from '../../kernel/random.ts';
import { Secret } from '../../kernel/secret.ts';
import { MemoryRecordStore } from '../session/memory-record-store.ts';
import { StoreUnavailable } from '../session/record-store.ts';
import { RecordSealer } from '../session/sealed-record.ts';
import { issueCode, redeemCode } from './authorization-codes.ts';
import { answerDevice, beginDevice, redeemDevice, waitingDevice } from './device-requests.ts';
import { GrantRecords } from './grant-records.ts';
import { challengeOf } from './pkce.ts';

const wish = { name: 'laptop', scope: 'read class:pipelines', lifetimeMs: 3_600_000 };
const codeVerifier = 'v'.repeat(43);
const redirectUri = 'http://127.0.0.1:49152/callback';
const request = { ...wish, redirectUri, codeChallenge: challengeOf(codeVerifier) ?? '' };
let clock: FakeClock;
let store: FaultyRecordStore;
let tokens: ScriptedPersonalTokens;
let parts: ReturnType<typeof newParts>;

function newParts() {
  const keys = [new Secret(systemRandom.bytes(32))];
  const grantRecords = new GrantRecords(store, new RecordSealer(() => keys, systemRandom));
  return { grantRecords, tokens, clock, random: systemRandom };
}

beforeEach(() => {
  clock = new FakeClock();
  store = new FaultyRecordStore(new MemoryRecordStore(clock));
  tokens = new ScriptedPersonalTokens(clock);
  parts = newParts();
});

/** Runs `meanwhile` once, when the store has carried out its next `operation`. */
function after(operation: string, meanwhile: () => Promise<unknown>): void {
  store.after = async (done) => {
    if (done !== operation) return;
    store.after = () => Promise.resolve();
    await meanwhile();
  };
}

const usedUp = { kind: 'refused', error: 'invalid_grant' };

describe('an authorization code', () => {
  let code: string;
  const shown = (changes = {}) => ({ code, redirectUri, codeVerifier, ...changes });
  beforeEach(async () => {
    code = await issueCode(parts, 'person-1', request);
  });

  it('gives the person a login of what was asked', async () => {
    const redeemed = await redeemCode(parts, shown());
    expect(redeemed).toMatchObject({ kind: 'issued', login: { summary: { name: 'laptop' } } });
    expect(await tokens.list('person-1')).toMatchObject([
      { kind: 'login', scope: { effect: 'read', classes: new Set(['pipelines']) } },
    ]);
    expect(tokens.kept[0]?.summary.expiresAtMs).toBe(clock.nowMs() + wish.lifetimeMs);
  });

  it('cannot be read from the store, nor can who allowed it', async () => {
    const create = vi.spyOn(store, 'createSession');
    const written = await issueCode(parts, 'person-1', request);
    expect(create).toHaveBeenCalledOnce();
    const [[key, session] = ['', undefined]] = create.mock.calls;
    const text = `${key} ${session?.person} ${session?.sealed.toString('latin1')}`;
    for (const secret of [written, 'person-1', 'laptop']) expect(text).not.toContain(secret);
  });

  it.each([
    ['verifier', { codeVerifier: 'w'.repeat(43) }],
    ['form of verifier', { codeVerifier: '' }],
    ['address', { redirectUri: 'http://127.0.0.1:49153/callback' }],
    ['code', { code: 'x'.repeat(43) }],
  ])('with another %s gives nothing, and stays good for who has both', async (_, changes) => {
    expect(await redeemCode(parts, shown(changes))).toMatchObject(usedUp);
    expect(tokens.kept).toEqual([]);
    expect(await redeemCode(parts, shown())).toMatchObject({ kind: 'issued' });
  });

  it('lives for a minute', async () => {
    await clock.advance(59_999);
    const other = await issueCode(parts, 'person-1', request);
    expect(await redeemCode(parts, shown())).toMatchObject({ kind: 'issued' });
    await clock.advance(60_000);
    expect(await redeemCode(parts, shown({ code: other }))).toMatchObject(usedUp);
  });

  it('ends what came of it when it comes again, minutes later too', async () => {
    await redeemCode(parts, shown());
    await clock.advance(300_000);
    expect(await redeemCode(parts, shown())).toMatchObject(usedUp);
    expect(tokens.kept).toEqual([]);
    expect(await redeemCode(parts, shown())).toMatchObject(usedUp);
  });

  it.each([
    ['readSession', 'has been found'],
    ['replaceSession', 'has been used up'],
  ])('leaves no login when it comes again after it %s', async (operation) => {
    const seen: unknown[] = [];
    after(operation, async () => seen.push(await redeemCode(parts, shown())));
    seen.push(await redeemCode(parts, shown()));
    expect(seen).toHaveLength(2);
    expect(tokens.kept).toEqual([]);
  });

  it('gives at most one login to many who come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeemCode(parts, shown())));
    expect(answers.filter(({ kind }) => kind === 'issued').length).toBeLessThanOrEqual(1);
    expect(tokens.kept).toEqual([]);
  });

  it('is used up even when the login cannot be made', async () => {
    tokens.refusal = 'too_many_tokens';
    expect(await redeemCode(parts, shown())).toMatchObject(usedUp);
    tokens.refusal = undefined;
    expect(await redeemCode(parts, shown())).toMatchObject(usedUp);
    expect(tokens.kept).toEqual([]);
  });

  it('is neither good nor bad while the store is silent', async () => {
    store.health = 'down';
    await expect(redeemCode(parts, shown())).rejects.toThrow(StoreUnavailable);
    store.health = 'up';
    expect(await redeemCode(parts, shown())).toMatchObject({ kind: 'issued' });
  });

  it('of other keys is not believed', async () => {
    const others = newParts();
    await expect(redeemCode(others, shown())).rejects.toThrow(StoreUnavailable);
  });
});

describe('a device request', () => {
  it('waits, is allowed by a person, and gives that person’s login once', async () => {
    const { deviceCode, userCode, expiresInSec, intervalSec } = await beginDevice(parts, wish);
    expect([expiresInSec, intervalSec]).toEqual([600, 5]);
    expect(await waitingDevice(parts, userCode)).toMatchObject(wish);
    const waiting = { kind: 'refused', error: 'authorization_pending' };
    expect(await redeemDevice(parts, deviceCode)).toMatchObject(waiting);
    expect(await answerDevice(parts, userCode, 'person-1')).toBe(true);
    expect(await waitingDevice(parts, userCode)).toBeUndefined();
    expect(await redeemDevice(parts, deviceCode)).toMatchObject({ kind: 'issued' });
    expect(await tokens.list('person-1')).toHaveLength(1);
    expect(await redeemDevice(parts, deviceCode)).toMatchObject(usedUp);
    expect(await tokens.list('person-1')).toEqual([]);
  });

  it('that is denied stays denied', async () => {
    const { deviceCode, userCode } = await beginDevice(parts, wish);
    expect(await answerDevice(parts, userCode, undefined)).toBe(true);
    expect(await answerDevice(parts, userCode, 'person-1')).toBe(false);
    const denied = { kind: 'refused', error: 'access_denied' };
    expect(await redeemDevice(parts, deviceCode)).toMatchObject(denied);
    expect(await redeemDevice(parts, deviceCode)).toMatchObject(denied);
    expect(tokens.kept).toEqual([]);
  });

  it('is answered once, by whoever comes first', async () => {
    const { userCode } = await beginDevice(parts, wish);
    after('readSession', () => answerDevice(parts, userCode, 'person-1'));
    expect(await answerDevice(parts, userCode, 'person-2')).toBe(false);
  });

  it('asks a device that polls too often to slow down, and waits for it', async () => {
    const { deviceCode, userCode } = await beginDevice(parts, wish);
    const poll = async () => {
      const polled = await redeemDevice(parts, deviceCode);
      return polled.kind === 'refused' ? polled.error : polled.kind;
    };
    expect(await poll()).toBe('authorization_pending');
    await clock.advance(1_000);
    expect(await poll()).toBe('slow_down');
    await clock.advance(5_000);
    expect(await poll()).toBe('authorization_pending');
    await answerDevice(parts, userCode, 'person-1');
    expect(await poll()).toBe('issued');
  });

  it('expires after ten minutes, whether somebody allowed it or not', async () => {
    const ignored = await beginDevice(parts, wish);
    const allowed = await beginDevice(parts, wish);
    await answerDevice(parts, allowed.userCode, 'person-1');
    await clock.advance(600_000);
    const expired = { kind: 'refused', error: 'expired_token' };
    expect(await redeemDevice(parts, ignored.deviceCode)).toMatchObject(expired);
    expect(await redeemDevice(parts, allowed.deviceCode)).toMatchObject(expired);
    expect(await waitingDevice(parts, ignored.userCode)).toBeUndefined();
    expect(await answerDevice(parts, ignored.userCode, 'person-1')).toBe(false);
  });

  it('is not found by the code that everybody can see', async () => {
    const { deviceCode, userCode } = await beginDevice(parts, wish);
    await answerDevice(parts, userCode, 'person-1');
    const [id] = deviceCode.split('.');
    for (const guess of [userCode, `${id}.${'x'.repeat(43)}`, `${id}.`, '', `${deviceCode}.`]) {
      expect(await redeemDevice(parts, guess)).toMatchObject(usedUp);
    }
    expect(await redeemDevice(parts, deviceCode)).toMatchObject({ kind: 'issued' });
  });

  it('never gets the code of another that waits', async () => {
    const bytes = [7, 7, 9].map((fill) => Buffer.alloc(8, fill));
    const random = {
      bytes: (length: number) =>
        length === 8 ? (bytes.shift() ?? Buffer.alloc(8, 1)) : systemRandom.bytes(length),
    };
    const first = await beginDevice({ ...parts, random }, wish);
    const second = await beginDevice({ ...parts, random }, wish);
    expect(second.userCode).not.toBe(first.userCode);
    expect(await waitingDevice(parts, first.userCode)).toBeDefined();
  });
});
