// Owns the way between token records and the store's sealed bytes.
import type { Logger } from '../../kernel/logger.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { RecordStore } from '../session/record-store.ts';
import { openRecord, type OpenRecordTools } from '../session/open-record.ts';
import type { RecordPlace, RecordSealer } from '../session/sealed-record.ts';
import { tokenIndexOf } from './token-keys.ts';
import { formatTokenRecord, parseTokenRecord, type TokenRecord } from './token-record.ts';

export interface LiveToken {
  readonly kind: 'live';
  readonly record: TokenRecord;
  readonly revision: number;
  /** Milliseconds since the epoch; 0 when it was never used. */
  readonly lastUsedAtMs: number;
}

export type TokenReading =
  | LiveToken
  | { readonly kind: 'ended'; readonly reason: ReasonCode }
  /** Nothing that can be believed is there: never written, lost, expired or forged. */
  | { readonly kind: 'missing' }
  /** Sealed with a key that only replicas with newer key files have yet: nothing is lost. */
  | { readonly kind: 'unavailable' };

/** Every method may throw StoreUnavailable. */
export class TokenRecords {
  readonly #store: RecordStore;
  readonly #tools: OpenRecordTools & { readonly sealer: RecordSealer };

  constructor(store: RecordStore, sealer: RecordSealer, logger: Logger) {
    this.#store = store;
    this.#tools = { sealer, logger };
  }

  async read(key: string): Promise<TokenReading> {
    const stored = await this.#store.readSession(key);
    if (stored.kind !== 'live') return stored;
    const opened = openRecord(this.#tools, placeOf(key), stored.sealed, parseTokenRecord);
    if (opened.kind !== 'opened') return opened;
    const { revision, lastUsedAtMs } = stored;
    return { kind: 'live', record: opened.record, revision, lastUsedAtMs };
  }

  async create(key: string, record: TokenRecord): Promise<'created' | 'exists'> {
    return await this.#store.createSession(key, {
      sealed: this.#sealed(key, record),
      lastUsedAtMs: 0,
      expiresAtMs: record.expiresAtMs,
      person: tokenIndexOf(record.person),
      providerSid: undefined,
    });
  }

  async replace(
    key: string,
    record: TokenRecord,
    expectedRevision: number,
  ): Promise<'written' | 'conflict' | 'ended' | 'missing'> {
    return await this.#store.replaceSession(key, this.#sealed(key, record), expectedRevision);
  }

  /** Never misses one; may name tokens that have ended. */
  async keysOf(person: string): Promise<readonly string[]> {
    return await this.#store.sessionsOfPerson(tokenIndexOf(person));
  }

  #sealed(key: string, record: TokenRecord): Buffer {
    return this.#tools.sealer.seal(placeOf(key), formatTokenRecord(record));
  }
}

function placeOf(key: string): RecordPlace {
  return { purpose: 'token', name: key };
}
