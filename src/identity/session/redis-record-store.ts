// Owns sessions in Redis: one hash per session and one per person, each changed by scripts that
// touch that key alone. docs/storage.md describes the keys.
import type { Clock } from '../../kernel/clock.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import { OWN_CHANGES, RecentEntries } from './recent-entries.ts';
import type {
  Lease,
  NewSession,
  RecordStore,
  StoredProviderRecord,
  StoredSession,
} from './record-store.ts';
import type { RedisClient } from './redis-client.ts';
import type { RedisConnection } from './redis-connection.ts';
import {
  fenceOf,
  PROVIDER_FIELDS,
  providerRecordOf,
  SESSION_FIELDS,
  sessionOf,
  textsOf,
  wordOf,
} from './redis-replies.ts';
import { runScript, type ScriptName } from './redis-scripts.ts';

interface Ending {
  readonly reason: ReasonCode;
  readonly untilMs: number;
}

export class RedisRecordStore implements RecordStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #endings: RecentEntries<Ending>;
  #hasUnwrittenEndings = false;

  constructor(client: RedisClient, keyPrefix: string, clock: Clock) {
    this.#client = client;
    this.#prefix = keyPrefix;
    this.#endings = new RecentEntries(clock, OWN_CHANGES);
  }

  readSession(key: string): Promise<StoredSession> {
    return this.#client.run('read_session', async (redis) =>
      sessionOf(await redis.hmgetBuffer(this.#sessionKey(key), ...SESSION_FIELDS)),
    );
  }

  /**
   * Index first, then record: a crash in between leaves an index entry without a session, never a
   * session that logout by `sub` or `sid` does not find.
   */
  createSession(key: string, session: NewSession): Promise<'created' | 'exists'> {
    const { sealed, person, providerSid } = session;
    const expires = millis(session.expiresAtMs);
    const indexes = [this.#personIndexKey(person)];
    if (providerSid !== undefined) indexes.push(this.#sidIndexKey(providerSid));
    const record = [sealed, millis(session.lastUsedAtMs), expires];
    return this.#client.run('create_session', async (redis) => {
      const entry = [key, expires];
      await Promise.all(indexes.map((index) => runScript(redis, 'addToIndex', index, entry)));
      const reply = await runScript(redis, 'createSession', this.#sessionKey(key), record);
      return wordOf(reply, ['created', 'exists']);
    });
  }

  replaceSession(
    key: string,
    sealed: Buffer,
    expectedRevision: number,
  ): Promise<'written' | 'conflict' | 'ended' | 'missing'> {
    const args = [sealed, expectedRevision];
    return this.#script('replace_session', 'replaceSession', this.#sessionKey(key), args, (reply) =>
      wordOf(reply, ['written', 'conflict', 'ended', 'missing']),
    );
  }

  /** Remembered before it is tried: an end that Redis does not take now is written when it does. */
  async endSession(key: string, reason: ReasonCode, untilMs: number): Promise<void> {
    const ending = { reason, untilMs };
    this.#endings.add(key, ending);
    try {
      await this.#client.run('end_session', (redis) => this.#end(redis, key, ending));
    } catch (error) {
      this.#hasUnwrittenEndings = true;
      throw error;
    }
  }

  /** Whether Redis has not taken an end of a session since the last time it took all of them. */
  get hasUnwrittenEndings(): boolean {
    return this.#hasUnwrittenEndings;
  }

  /**
   * Writes this replica's own ends of the last ten minutes again, because a Redis that was emptied
   * or failed over may have lost them. Returns the sessions' keys.
   */
  async repeatEndings(): Promise<readonly string[]> {
    const endings = this.#endings.list();
    this.#hasUnwrittenEndings = false;
    try {
      await this.#client.runEach('repeat_endings', endings, (redis, [key, ending]) =>
        this.#end(redis, key, ending),
      );
    } catch (error) {
      this.#hasUnwrittenEndings = true;
      throw error;
    }
    return endings.map(([key]) => key);
  }

  touchSessions(uses: ReadonlyMap<string, number>): Promise<void> {
    return this.#client.runEach('touch_sessions', [...uses], (redis, [key, usedAtMs]) =>
      runScript(redis, 'touchSession', this.#sessionKey(key), [millis(usedAtMs)]),
    );
  }

  sessionsOfPerson(person: string): Promise<readonly string[]> {
    const key = this.#personIndexKey(person);
    return this.#script('sessions_of_person', 'readIndex', key, [], textsOf);
  }

  sessionsOfProviderSid(providerSid: string): Promise<readonly string[]> {
    const key = this.#sidIndexKey(providerSid);
    return this.#script('sessions_of_sid', 'readIndex', key, [], textsOf);
  }

  readProviderRecord(person: string): Promise<StoredProviderRecord | undefined> {
    return this.#client.run('read_provider', async (redis) =>
      providerRecordOf(await redis.hmgetBuffer(this.#providerKey(person), ...PROVIDER_FIELDS)),
    );
  }

  putProviderRecord(person: string, sealed: Buffer, expiresAtMs: number): Promise<void> {
    const args = [sealed, millis(expiresAtMs)];
    const key = this.#providerKey(person);
    return this.#script('put_provider', 'putProviderRecord', key, args, nothing);
  }

  replaceProviderRecord(
    person: string,
    sealed: Buffer,
    { revision, fence }: { readonly revision: number; readonly fence: number },
  ): Promise<'written' | 'conflict' | 'fenced'> {
    const args = [sealed, revision, fence];
    const key = this.#providerKey(person);
    return this.#script('replace_provider', 'replaceProviderRecord', key, args, (reply) =>
      wordOf(reply, ['written', 'conflict', 'fenced']),
    );
  }

  extendProviderRecord(person: string, untilMs: number): Promise<boolean> {
    const key = this.#providerKey(person);
    const args = [millis(untilMs)];
    return this.#script('extend_provider', 'extendProviderRecord', key, args, (reply) => {
      return wordOf(reply, ['extended', 'missing']) === 'extended';
    });
  }

  deleteProviderRecord(person: string): Promise<void> {
    const key = this.#providerKey(person);
    return this.#script('delete_provider', 'deleteProviderRecord', key, [], nothing);
  }

  async acquireLease(person: string, leaseMs: number): Promise<Lease | undefined> {
    const key = this.#providerKey(person);
    const fence = await this.#script('acquire_lease', 'acquireLease', key, [leaseMs], fenceOf);
    if (fence === undefined) return undefined;
    const renew = (operation: string, forMs: number): Promise<boolean> =>
      this.#script(operation, 'renewLease', key, [fence, forMs], (reply) => {
        return wordOf(reply, ['held', 'lost']) === 'held';
      });
    return {
      fence,
      renew: () => renew('renew_lease', leaseMs),
      release: async () => {
        await renew('release_lease', 0);
      },
    };
  }

  isRemembered(id: string): Promise<boolean> {
    return this.#client.run('is_remembered', async (redis) => {
      return (await redis.exists(`${this.#prefix}once:${id}`)) === 1;
    });
  }

  remember(id: string, untilMs: number): Promise<boolean> {
    return this.#client.run('remember', async (redis) => {
      const key = `${this.#prefix}once:${id}`;
      return (await redis.set(key, '1', 'PXAT', millis(untilMs), 'NX')) === 'OK';
    });
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #end(redis: RedisConnection, key: string, { reason, untilMs }: Ending): Promise<unknown> {
    return runScript(redis, 'endSession', this.#sessionKey(key), [reason, millis(untilMs)]);
  }

  #script<T>(
    operation: string,
    script: ScriptName,
    key: string,
    args: readonly (string | number | Buffer)[],
    read: (reply: unknown) => T,
  ): Promise<T> {
    return this.#client.run(operation, async (redis) =>
      read(await runScript(redis, script, key, args)),
    );
  }

  #sessionKey(key: string): string {
    return `${this.#prefix}session:${key}`;
  }

  #personIndexKey(person: string): string {
    return `${this.#prefix}person:${person}`;
  }

  #sidIndexKey(providerSid: string): string {
    return `${this.#prefix}sid:${providerSid}`;
  }

  #providerKey(person: string): string {
    return `${this.#prefix}provider:${person}`;
  }
}

/** Whole milliseconds, as Redis takes them. */
function millis(ms: number): number {
  return Math.ceil(ms);
}

function nothing(): void {
  // These scripts cannot but succeed.
}
