// The part of RecordStore's conformance suite about sessions, their ends and their indexes.
import { describe, expect, it } from 'vitest';
import {
  created,
  LONG_MS,
  name,
  session,
  SHORT_MS,
  type StoreUnderTest,
} from './record-store-fixture.ts';

/** Registers what holds for sessions. */
export function describeSessions(underTest: () => StoreUnderTest): void {
  describe('a session', () => describeRecords(underTest));
  describe('the end of a session', () => describeEndings(underTest));
  describe('the indexes', () => describeIndexes(underTest));
}

function describeRecords(underTest: () => StoreUnderTest): void {
  it('is missing until it is created, and then reads as it was written', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const key = name();
    expect(await store.readSession(key)).toEqual({ kind: 'missing' });
    const sealed = Buffer.from([0, 255, 13, 10, 128, 0]);
    const lastUsedAtMs = nowMs();
    expect(await store.createSession(key, session(nowMs(), { sealed, lastUsedAtMs }))).toBe(
      'created',
    );
    const live = { kind: 'live', revision: 1, sealed, lastUsedAtMs };
    expect(await otherReplica.readSession(key)).toEqual(live);
  });

  it('is created once', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const key = await created(underTest(), { sealed: Buffer.from('first') });
    const second = session(nowMs(), { sealed: Buffer.from('second') });
    expect(await otherReplica.createSession(key, second)).toBe('exists');
    expect(await store.readSession(key)).toMatchObject({ sealed: Buffer.from('first') });
  });

  it('keeps its bytes when the caller changes the buffers', async () => {
    const { store } = underTest();
    const written = Buffer.from('bytes');
    const key = await created(underTest(), { sealed: written });
    written.fill(0);
    const read = await store.readSession(key);
    if (read.kind === 'live') read.sealed.fill(0);
    expect(await store.readSession(key)).toMatchObject({ sealed: Buffer.from('bytes') });
  });

  it('is replaced only over the expected revision', async () => {
    const { store, otherReplica } = underTest();
    const key = await created(underTest());
    expect(await store.replaceSession(key, Buffer.from('two'), 1)).toBe('written');
    expect(await otherReplica.replaceSession(key, Buffer.from('late'), 1)).toBe('conflict');
    expect(await otherReplica.replaceSession(key, Buffer.from('early'), 3)).toBe('conflict');
    expect(await store.readSession(key)).toMatchObject({
      revision: 2,
      sealed: Buffer.from('two'),
    });
  });

  it('is never made by a replacement', async () => {
    const { store } = underTest();
    const key = name();
    expect(await store.replaceSession(key, Buffer.from('ghost'), 1)).toBe('missing');
    expect(await store.readSession(key)).toEqual({ kind: 'missing' });
  });

  it('lets exactly one of fifty parallel writers win each revision', async () => {
    const { store, otherReplica } = underTest();
    const key = await created(underTest());
    for (let revision = 1; revision <= 5; revision++) {
      const writers = Array.from({ length: 50 }, (_, i) =>
        (i % 2 === 0 ? store : otherReplica).replaceSession(key, Buffer.from(`${i}`), revision),
      );
      const results = await Promise.all(writers);
      expect(results.filter((result) => result === 'written')).toHaveLength(1);
      expect(results.filter((result) => result === 'conflict')).toHaveLength(49);
      const winner = Buffer.from(`${results.indexOf('written')}`);
      expect(await store.readSession(key)).toMatchObject({
        revision: revision + 1,
        sealed: winner,
      });
    }
  });

  it('is created by exactly one of fifty parallel writers', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const key = name();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        (i % 2 === 0 ? store : otherReplica).createSession(key, session(nowMs())),
      ),
    );
    expect(results.filter((result) => result === 'created')).toHaveLength(1);
  });

  it('raises its last use without touching anything else, and never lowers it', async () => {
    const { store, nowMs } = underTest();
    const start = nowMs();
    const [used, unused] = [
      await created(underTest(), { lastUsedAtMs: start }),
      await created(underTest(), { lastUsedAtMs: start }),
    ];
    const before = await store.readSession(used);
    await store.touchSessions(
      new Map([
        [used, start + 5_000],
        [unused, start - 5_000],
      ]),
    );
    expect(await store.readSession(used)).toEqual({ ...before, lastUsedAtMs: start + 5_000 });
    expect(await store.readSession(unused)).toMatchObject({ lastUsedAtMs: start });
  });

  it('is neither made nor brought back by a use', async () => {
    const { store, nowMs } = underTest();
    const [missing, ended] = [name(), await created(underTest())];
    await store.endSession(ended, 'signed_out', nowMs() + LONG_MS);
    await store.touchSessions(new Map([missing, ended].map((key) => [key, nowMs() + 5_000])));
    expect(await store.readSession(missing)).toEqual({ kind: 'missing' });
    expect(await store.readSession(ended)).toEqual({ kind: 'ended', reason: 'signed_out' });
  });

  it('takes a thousand uses at once, and none', async () => {
    const { store, nowMs } = underTest();
    const key = await created(underTest());
    const usedAtMs = nowMs() + 5_000;
    const uses = new Map(Array.from({ length: 1_000 }, () => [name(), usedAtMs]));
    await store.touchSessions(uses.set(key, usedAtMs));
    await store.touchSessions(new Map());
    expect(await store.readSession(key)).toMatchObject({ lastUsedAtMs: usedAtMs });
  });

  it('is forgotten at its absolute limit, however often it was written', async () => {
    const { store, nowMs, eventually } = underTest();
    const expiresAtMs = nowMs() + SHORT_MS;
    const key = await created(underTest(), { expiresAtMs });
    await store.replaceSession(key, Buffer.from('two'), 1);
    await store.touchSessions(new Map([[key, nowMs() + LONG_MS]]));
    expect(await store.readSession(key)).toMatchObject({ kind: 'live' });
    await eventually('the session is forgotten', async () => {
      return (await store.readSession(key)).kind === 'missing';
    });
    expect(nowMs()).toBeGreaterThanOrEqual(expiresAtMs);
  });
}

function describeEndings(underTest: () => StoreUnderTest): void {
  it('wins over late writes and over a new record of the same key', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const key = await created(underTest());
    await otherReplica.endSession(key, 'signed_out', nowMs() + LONG_MS);
    expect(await store.replaceSession(key, Buffer.from('late'), 1)).toBe('ended');
    expect(await store.createSession(key, session(nowMs()))).toBe('exists');
    expect(await store.readSession(key)).toEqual({ kind: 'ended', reason: 'signed_out' });
  });

  it('holds where no session was, so that a sign-in under way cannot finish', async () => {
    const { store, nowMs } = underTest();
    const key = name();
    await store.endSession(key, 'signed_out_at_provider', nowMs() + LONG_MS);
    expect(await store.createSession(key, session(nowMs()))).toBe('exists');
    expect(await store.readSession(key)).toEqual({
      kind: 'ended',
      reason: 'signed_out_at_provider',
    });
  });

  it('keeps its first reason', async () => {
    const { store, nowMs } = underTest();
    const key = await created(underTest());
    await store.endSession(key, 'provider_ended_session', nowMs() + LONG_MS);
    await store.endSession(key, 'signed_out', nowMs() + LONG_MS);
    expect(await store.readSession(key)).toEqual({
      kind: 'ended',
      reason: 'provider_ended_session',
    });
  });

  it('lasts as long as the record would have, even when told a shorter time', async () => {
    const { store, nowMs, eventually } = underTest();
    const soon = nowMs() + SHORT_MS;
    const longer = await created(underTest(), { expiresAtMs: nowMs() + LONG_MS });
    const marker = await created(underTest(), { expiresAtMs: soon + SHORT_MS });
    await store.endSession(longer, 'signed_out', soon);
    await store.endSession(longer, 'signed_out', soon);
    await eventually('time has passed', async () => {
      return (await store.readSession(marker)).kind === 'missing';
    });
    expect(await store.readSession(longer)).toEqual({ kind: 'ended', reason: 'signed_out' });
  });

  it('is forgotten at the absolute limit', async () => {
    const { store, nowMs, eventually } = underTest();
    const expiresAtMs = nowMs() + SHORT_MS;
    const key = await created(underTest(), { expiresAtMs });
    await store.endSession(key, 'signed_out', expiresAtMs);
    expect(await store.readSession(key)).toMatchObject({ kind: 'ended' });
    await eventually('the tombstone is forgotten', async () => {
      return (await store.readSession(key)).kind === 'missing';
    });
  });

  it('wins whatever writes race with it', async () => {
    const { store, otherReplica, nowMs } = underTest();
    const key = await created(underTest());
    await Promise.all([
      ...Array.from({ length: 25 }, (_, i) => store.replaceSession(key, Buffer.from('x'), i + 1)),
      otherReplica.endSession(key, 'signed_out', nowMs() + LONG_MS),
      ...Array.from({ length: 25 }, () => store.touchSessions(new Map([[key, nowMs()]]))),
    ]);
    expect(await store.readSession(key)).toEqual({ kind: 'ended', reason: 'signed_out' });
  });
}

function describeIndexes(underTest: () => StoreUnderTest): void {
  it('list all sessions of a person and of a provider session', async () => {
    const { store, otherReplica } = underTest();
    const [person, providerSid] = [name(), name()];
    const first = await created(underTest(), { person, providerSid });
    const second = await created(underTest(), { person });
    await created(underTest(), { providerSid: name() });
    expect(await otherReplica.sessionsOfPerson(person)).toHaveLength(2);
    expect(new Set(await store.sessionsOfPerson(person))).toEqual(new Set([first, second]));
    expect(await store.sessionsOfProviderSid(providerSid)).toEqual([first]);
  });

  it('are empty for who never signed in', async () => {
    const { store } = underTest();
    expect(await store.sessionsOfPerson(name())).toEqual([]);
    expect(await store.sessionsOfProviderSid(name())).toEqual([]);
  });

  it('name a session that was ended before its record was written', async () => {
    const { store, nowMs } = underTest();
    const [key, person] = [name(), name()];
    await store.endSession(key, 'signed_out', nowMs() + LONG_MS);
    expect(await store.createSession(key, session(nowMs(), { person }))).toBe('exists');
    expect(await store.sessionsOfPerson(person)).toEqual([key]);
  });

  it('forget a session at its absolute limit and keep the others', async () => {
    const { store, nowMs, eventually } = underTest();
    const [person, providerSid] = [name(), name()];
    const short = { person, providerSid, expiresAtMs: nowMs() + SHORT_MS };
    const shortLived = await created(underTest(), short);
    const longLived = await created(underTest(), { person, providerSid });
    await eventually('the entry is forgotten', async () => {
      return !(await store.sessionsOfPerson(person)).includes(shortLived);
    });
    expect(await store.sessionsOfPerson(person)).toEqual([longLived]);
    expect(await store.sessionsOfProviderSid(providerSid)).toEqual([longLived]);
  });

  it('keep a long session when a shorter one follows', async () => {
    const { store, nowMs, eventually } = underTest();
    const person = name();
    const longLived = await created(underTest(), { person });
    await created(underTest(), { person, expiresAtMs: nowMs() + SHORT_MS });
    await eventually('the short one is forgotten', async () => {
      return (await store.sessionsOfPerson(person)).length === 1;
    });
    expect(await store.sessionsOfPerson(person)).toEqual([longLived]);
  });
}
