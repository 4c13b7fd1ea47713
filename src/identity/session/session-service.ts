// Owns the life of sessions towards pages and doors: begun by a sign-in, ended by whoever may.
import type { Cancel, Clock } from '../../kernel/clock.ts';
import { randomId, type Random } from '../../kernel/random.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { CompletedLogin, ProviderTokens } from '../login/completed-login.ts';
import type { ClaimsHolders } from './claims-holders.ts';
import type { KnownSessions } from './known-sessions.ts';
import { messageKey, personKey, providerSidKey } from './person-key.ts';
import { StoreUnavailable, type RecordStore } from './record-store.ts';
import { sessionKeyOf } from './session-cookie.ts';
import type { SessionEnder } from './session-ender.ts';
import { recordOfLogin, type SessionRecord } from './session-record.ts';
import type { SessionRecords } from './session-records.ts';
import type { LogoutSelector, Sessions } from './sessions.ts';

const HANDLE_BITS = 128;

interface SessionServiceParts {
  readonly store: RecordStore;
  readonly records: SessionRecords;
  readonly known: KnownSessions;
  readonly ender: SessionEnder;
  readonly holders: Pick<ClaimsHolders, 'forgetIfUnused'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly absoluteMs: number;
}

/** Every method may throw StoreUnavailable: the pages answer 503 and leave the cookie alone. */
export class SessionService implements Sessions {
  readonly #parts: SessionServiceParts;

  constructor(parts: SessionServiceParts) {
    this.#parts = parts;
  }

  /** Throws when the id is taken, by a session or by a tombstone: an id serves one sign-in only. */
  async establish(sessionId: string, login: CompletedLogin): Promise<void> {
    const { absoluteMs, clock, random, records } = this.#parts;
    const nowMs = clock.nowMs();
    const record = recordOfLogin(login, {
      handle: randomId(random, HANDLE_BITS),
      nowMs,
      absoluteMs,
    });
    // Tokens first: whoever finds the session then finds tokens that are at least as new.
    const provider = { ...login, claimsAtMs: nowMs };
    await records.putProvider(record.person, provider, record.expiresAtMs);
    const created = await records.createSession(sessionKeyOf(sessionId), record, { login, nowMs });
    if (created === 'exists') throw new Error('the session id is taken');
  }

  async end(sessionId: string, reason: ReasonCode): Promise<ProviderTokens | undefined> {
    const { ender, holders, records } = this.#parts;
    const key = sessionKeyOf(sessionId);
    const reading = await records.readSession(key);
    if (reading.kind === 'unavailable') throw new StoreUnavailable('the session cannot be read');
    // Tokens first: after a failure the person can repeat all of the sign-out.
    const tokens = reading.kind === 'live' ? await this.#tokensOf(reading.record) : undefined;
    await ender.end(key, reason);
    if (reading.kind === 'live') await holders.forgetIfUnused(reading.record.person);
    return tokens;
  }

  async endSelected(selector: LogoutSelector, reason: ReasonCode): Promise<number> {
    const { ender, holders } = this.#parts;
    const keys = await this.#keysSelected(selector);
    let ended = 0;
    for (const key of keys) if (await ender.end(key, reason)) ended += 1;
    if (selector.sub !== undefined) {
      await holders.forgetIfUnused(personKey({ ...selector, sub: selector.sub }));
    }
    return ended;
  }

  isRemembered(id: string): Promise<boolean> {
    return this.#parts.store.isRemembered(messageKey(id));
  }

  remember(id: string, untilMs: number): Promise<boolean> {
    return this.#parts.store.remember(messageKey(id), untilMs);
  }

  onChange(listener: () => void): Cancel {
    return this.#parts.known.onChange(listener);
  }

  /**
   * A `sid` names one session at the provider, and its sessions here; sessions of the person that
   * were begun without a `sid` may belong to it. Without `sid` all of the person's sessions are
   * meant (OpenID Connect Back-Channel Logout 1.0 section 2.7).
   */
  async #keysSelected(selector: LogoutSelector): Promise<ReadonlySet<string>> {
    const { store } = this.#parts;
    const { providerSid, sub } = selector;
    const ofPerson =
      sub === undefined ? [] : await store.sessionsOfPerson(personKey({ ...selector, sub }));
    if (providerSid === undefined) return new Set(ofPerson);
    const ofSid = await store.sessionsOfProviderSid(providerSidKey(selector, providerSid));
    return new Set([...ofSid, ...(await this.#withoutProviderSid(ofPerson))]);
  }

  async #withoutProviderSid(keys: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const key of keys) {
      const reading = await this.#parts.records.readSession(key);
      if (reading.kind === 'live' && reading.record.providerSid === undefined) found.push(key);
    }
    return found;
  }

  /** The person's newest tokens, with this session's own `sid` at the provider. */
  async #tokensOf({ person, providerSid }: SessionRecord): Promise<ProviderTokens | undefined> {
    const reading = await this.#parts.records.readProvider(person);
    return reading && { ...reading.record.tokens, providerSid };
  }
}
