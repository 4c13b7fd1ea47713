import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import vectors from '../../../test/vectors/session-records-v1.json' with { type: 'json' };
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { newKey, RotatingProvider } from '../../../test/fixtures/session-replicas.ts';
import { HOUR_MS } from '../../kernel/duration.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { systemRandom } from '../../kernel/random.ts';
import { Secret } from '../../kernel/secret.ts';
import { MemoryRecordStore } from './memory-record-store.ts';
import { personKey } from './person-key.ts';
import { formatProviderRecord, parseProviderRecord } from './provider-record.ts';
import { StoreUnavailable } from './record-store.ts';
import { RecordSealer } from './sealed-record.ts';
import { readSessionCookie, sessionKeyOf } from './session-cookie.ts';
import { formatSessionRecord, parseSessionRecord, recordOfLogin } from './session-record.ts';
import { SessionRecords } from './session-records.ts';

const vectorKey = new Secret(Buffer.from(vectors.recordKey, 'base64'));
const purposes = z.enum(['session', 'provider']);

describe('records of version 1, as the first release wrote them', () => {
  const sealer = new RecordSealer(() => [vectorKey], systemRandom);

  it.each(vectors.records)('$name is read', ({ purpose, place, sealed, record }) => {
    const opened = sealer.open(
      { purpose: purposes.parse(purpose), name: place },
      Buffer.from(sealed, 'base64'),
    );
    const text = opened.kind === 'opened' ? opened.plaintext : '';
    const parsed = purpose === 'session' ? parseSessionRecord(text) : parseProviderRecord(text);
    expect(parsed).toEqual(record);
  });

  it('the cookie and the names of records are read', () => {
    const cookieKey = new Secret(Buffer.from(vectors.cookieKey, 'base64'));
    const { id, key, value } = vectors.cookie;
    expect(readSessionCookie(value, [cookieKey])).toMatchObject({ id, canonical: value });
    expect(sessionKeyOf(id)).toBe(key);
    expect(personKey(vectors.person)).toBe(vectors.person.key);
  });
});

describe('records that this release cannot read', () => {
  const good = formatSessionRecord(sampleRecord());

  it.each([
    ['another version', good.replace('"v":1', '"v":2')],
    ['no version', good.replace('"v":1,', '')],
    ['a field of another type', good.replace(/"authTimeSec":\d+/, '"authTimeSec":"now"')],
    ['a missing field', good.replace(/"expiresAtMs":\d+,/, '')],
    ['an empty user', good.replace('"userId":"sub-1@example.com"', '"userId":""')],
    ['no JSON', good.slice(1)],
    ['no object', '[]'],
    ['null', 'null'],
  ])('are refused: %s', (_what, text) => {
    expect(text).not.toBe(good);
    expect(parseSessionRecord(text)).toBeUndefined();
    expect(parseProviderRecord(text)).toBeUndefined();
  });

  it('are not mistaken for the other kind', () => {
    const login = new RotatingProvider(new FakeClock()).signIn();
    const provider = formatProviderRecord({ ...login, claimsAtMs: 1 });
    expect(parseSessionRecord(provider)).toBeUndefined();
    expect(parseProviderRecord(good)).toBeUndefined();
  });
});

describe('records in a store', () => {
  async function stored() {
    const clock = new FakeClock();
    const store = new MemoryRecordStore(clock);
    let keys = [newKey()];
    const sealer = new RecordSealer(() => keys, systemRandom);
    const records = new SessionRecords(store, sealer, silentLogger);
    const login = new RotatingProvider(clock).signIn({ providerSid: 'sid-1' });
    const nowMs = clock.nowMs();
    const record = recordOfLogin(login, { handle: 'handle', nowMs, absoluteMs: HOUR_MS });
    await records.createSession('key', record, { login, nowMs });
    await records.putProvider(record.person, { ...login, claimsAtMs: nowMs }, nowMs + HOUR_MS);
    const rotateKeys = () => (keys = [newKey()]);
    return { clock, store, records, record, login, rotateKeys };
  }

  it('come back as they were written', async () => {
    const { records, record, login, clock } = await stored();
    expect(await records.readSession('key')).toMatchObject({ kind: 'live', record, revision: 1 });
    const provider = await records.readProvider(record.person);
    expect(provider?.record).toEqual({ ...login, claimsAtMs: clock.nowMs() });
  });

  it('hold nothing that could be read without the key', async () => {
    const { store, record } = await stored();
    const session = await store.readSession('key');
    const provider = await store.readProviderRecord(record.person);
    for (const bytes of [session.kind === 'live' && session.sealed, provider?.sealed]) {
      expect(bytes).toBeInstanceOf(Buffer);
      expect(bytes && bytes.toString('latin1')).not.toMatch(/example|team|token/);
    }
  });

  it('count as missing when one was put in the place of another', async () => {
    const { store, records, record, login, clock } = await stored();
    const victim = { ...record, handle: 'victim' };
    await records.createSession('victim', victim, { login, nowMs: clock.nowMs() });
    const own = await store.readSession('key');
    if (own.kind === 'live') await store.replaceSession('victim', own.sealed, 1);
    expect(await records.readSession('victim')).toEqual({ kind: 'missing' });
  });

  it('count as missing when they are forged', async () => {
    const { store, records, record } = await stored();
    await store.replaceSession('key', Buffer.from('forged'), 1);
    await store.putProviderRecord(record.person, Buffer.from('forged'), record.expiresAtMs);
    expect(await records.readSession('key')).toEqual({ kind: 'missing' });
    expect(await records.readProvider(record.person)).toBeUndefined();
  });

  it('are unavailable, not lost, when a replica with newer keys wrote them', async () => {
    const { records, record, rotateKeys } = await stored();
    rotateKeys();
    expect(await records.readSession('key')).toEqual({ kind: 'unavailable' });
    await expect(records.readProvider(record.person)).rejects.toThrow(StoreUnavailable);
  });
});

function sampleRecord() {
  const login = new RotatingProvider(new FakeClock()).signIn();
  return recordOfLogin(login, { handle: 'handle', nowMs: 1, absoluteMs: HOUR_MS });
}
