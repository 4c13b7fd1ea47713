// Owns the way between records and the store's sealed bytes: nothing else seals, opens or parses.
import type { CompletedLogin } from '../login/completed-login.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import {
  formatProviderRecord,
  parseProviderRecord,
  type ProviderRecord,
} from './provider-record.ts';
import { StoreUnavailable, type RecordStore } from './record-store.ts';
import { providerSidKey } from './person-key.ts';
import { openRecord, type OpenRecordTools } from './open-record.ts';
import type { RecordPlace, RecordSealer } from './sealed-record.ts';
import { formatSessionRecord, parseSessionRecord, type SessionRecord } from './session-record.ts';

export type SessionReading =
  | {
      readonly kind: 'live';
      readonly record: SessionRecord;
      readonly revision: number;
      readonly lastUsedAtMs: number;
    }
  | { readonly kind: 'ended'; readonly reason: ReasonCode }
  /** Nothing that can be believed is there: never written, lost, or forged. */
  | { readonly kind: 'missing' }
  /** Sealed with a key that only replicas with newer key files have yet: nothing is lost. */
  | { readonly kind: 'unavailable' };

export interface ProviderReading {
  readonly record: ProviderRecord;
  readonly revision: number;
}

export interface RevisionAndFence {
  readonly revision: number;
  readonly fence: number;
}

/** Every method may throw StoreUnavailable. */
export class SessionRecords {
  readonly #store: RecordStore;
  readonly #tools: OpenRecordTools & { readonly sealer: RecordSealer };

  constructor(store: RecordStore, sealer: RecordSealer, logger: Logger) {
    this.#store = store;
    this.#tools = { sealer, logger };
  }

  async readSession(key: string): Promise<SessionReading> {
    const stored = await this.#store.readSession(key);
    if (stored.kind !== 'live') return stored;
    const opened = openRecord(this.#tools, placeOfSession(key), stored.sealed, parseSessionRecord);
    if (opened.kind !== 'opened') return opened;
    const { revision, lastUsedAtMs } = stored;
    return { kind: 'live', record: opened.record, revision, lastUsedAtMs };
  }

  /** The store's key for the provider session id comes from the login's tokens. */
  async createSession(
    key: string,
    record: SessionRecord,
    given: { readonly login: CompletedLogin; readonly nowMs: number },
  ): Promise<'created' | 'exists'> {
    const { tokens } = given.login;
    return await this.#store.createSession(key, {
      sealed: this.#tools.sealer.seal(placeOfSession(key), formatSessionRecord(record)),
      lastUsedAtMs: given.nowMs,
      expiresAtMs: record.expiresAtMs,
      person: record.person,
      providerSid:
        tokens.providerSid === undefined ? undefined : providerSidKey(tokens, tokens.providerSid),
    });
  }

  async replaceSession(
    key: string,
    record: SessionRecord,
    expectedRevision: number,
  ): Promise<'written' | 'conflict' | 'ended' | 'missing'> {
    const sealed = this.#tools.sealer.seal(placeOfSession(key), formatSessionRecord(record));
    return await this.#store.replaceSession(key, sealed, expectedRevision);
  }

  /** Undefined when there is none that can be believed. */
  async readProvider(person: string): Promise<ProviderReading | undefined> {
    const stored = await this.#store.readProviderRecord(person);
    if (stored === undefined) return undefined;
    const opened = openRecord(
      this.#tools,
      placeOfProvider(person),
      stored.sealed,
      parseProviderRecord,
    );
    if (opened.kind === 'unavailable') throw new StoreUnavailable('the key of a record is unknown');
    return opened.kind === 'opened'
      ? { record: opened.record, revision: stored.revision }
      : undefined;
  }

  async putProvider(person: string, record: ProviderRecord, expiresAtMs: number): Promise<void> {
    const sealed = this.#tools.sealer.seal(placeOfProvider(person), formatProviderRecord(record));
    await this.#store.putProviderRecord(person, sealed, expiresAtMs);
  }

  async replaceProvider(
    person: string,
    record: ProviderRecord,
    expected: RevisionAndFence,
  ): Promise<'written' | 'conflict' | 'fenced'> {
    const sealed = this.#tools.sealer.seal(placeOfProvider(person), formatProviderRecord(record));
    return await this.#store.replaceProviderRecord(person, sealed, expected);
  }
}

function placeOfSession(key: string): RecordPlace {
  return { purpose: 'session', name: key };
}

function placeOfProvider(person: string): RecordPlace {
  return { purpose: 'provider', name: person };
}
