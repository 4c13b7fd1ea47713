// Token records between releases: what is in the store lives up to a year.
import { describe, expect, it } from 'vitest';
import vectors from '../../../test/vectors/token-records-v1.json' with { type: 'json' };
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { newKey } from '../../../test/fixtures/session-replicas.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { systemRandom } from '../../kernel/random.ts';
import { Secret } from '../../kernel/secret.ts';
import { MemoryRecordStore } from '../session/memory-record-store.ts';
import { RecordSealer } from '../session/sealed-record.ts';
import { openAccessToken } from './access-tokens.ts';
import { tokenKeyOf } from './token-keys.ts';
import { formatTokenRecord, parseTokenRecord, type TokenRecord } from './token-record.ts';
import { TokenRecords } from './token-records.ts';
import { readTokenText } from './token-text.ts';

const vectorKey = new Secret(Buffer.from(vectors.recordKey, 'base64'));
const anyKey = newKey();
const sealer = new RecordSealer(() => [vectorKey], systemRandom);

describe('tokens of version 1, as the first release wrote them', () => {
  it.each(vectors.records)('$name is read', ({ token, key, sealed, record }) => {
    const read = readTokenText(token);
    if (read?.kind === 'personal') expect(tokenKeyOf('personal', read.secret)).toBe(key);
    else if (read?.kind === 'refresh') expect(tokenKeyOf('login', read.login)).toBe(key);
    else throw new Error('the token is not read');
    const opened = sealer.open({ purpose: 'token', name: key }, Buffer.from(sealed, 'base64'));
    const parsed = parseTokenRecord(opened.kind === 'opened' ? opened.plaintext : '');
    expect(parsed).toEqual(record);
  });

  it('an access token is read', () => {
    const read = readTokenText(vectors.access.token);
    if (read?.kind !== 'access') throw new Error('the token is not read');
    const { grant } = vectors.access;
    expect(openAccessToken(sealer, read.sealed)).toEqual({ kind: 'opened', grant });
  });
});

describe('a token record', () => {
  const record: TokenRecord = {
    kind: 'login',
    handle: 'handle-1',
    person: 'person-1',
    name: 'laptop',
    scope: 'read',
    createdAtMs: 1,
    expiresAtMs: 2_000_000_000_000,
    owner: {
      principal: { userId: 'user@example.com', groups: ['team-a'] },
      email: undefined,
      authTimeSec: 1,
      claimsAtMs: 1,
    },
    refresh: { hash: 'hash', previous: undefined },
  };

  it('reads as it was written, and with fields of a later release', () => {
    expect(parseTokenRecord(formatTokenRecord(record))).toEqual(record);
    const later = formatTokenRecord(record).replace('{', '{"later":true,');
    expect(parseTokenRecord(later)).toEqual(record);
  });

  it.each([
    ['no JSON', 'x'],
    ['another version', formatTokenRecord(record).replace('"v":1', '"v":2')],
    ['another kind', formatTokenRecord(record).replace('"login"', '"robot"')],
    ['a login without its refresh token', formatTokenRecord(record).replace('refresh', 'fresh')],
    ['no owner', formatTokenRecord(record).replace('owner', 'older')],
    ['a scope that is no text', formatTokenRecord(record).replace('"read"', 'null')],
  ])('is none with %s', (_what, text) => {
    expect(parseTokenRecord(text)).toBeUndefined();
  });

  it('is kept under its key alone, sealed, and listed under its person', async () => {
    const clock = new FakeClock();
    const store = new MemoryRecordStore(clock);
    const ours = new RecordSealer(() => [anyKey], systemRandom);
    const records = new TokenRecords(store, ours, silentLogger);
    expect(await records.create('token:one', record)).toBe('created');
    expect(await records.create('token:one', record)).toBe('exists');
    const live = { kind: 'live', record, revision: 1, lastUsedAtMs: 0 };
    expect(await records.read('token:one')).toEqual(live);
    expect(await records.keysOf('person-1')).toEqual(['token:one']);
    expect(await store.sessionsOfPerson('person-1')).toEqual([]);
    const stored = await store.readSession('token:one');
    if (stored.kind !== 'live') throw new Error('no record');
    expect(stored.sealed.includes('user@example.com')).toBe(false);
    const moved = {
      ...stored,
      expiresAtMs: record.expiresAtMs,
      person: 'p',
      providerSid: undefined,
    };
    await store.createSession('token:two', moved);
    expect(await records.read('token:two')).toEqual({ kind: 'missing' });
    await store.close();
  });
});
