// Owns refreshing a person's claims: one call to the provider at a time across all replicas, its
// result written before anything else, then carried into all that the person has.
import { pause, type Clock } from '../../kernel/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { CompletedLogin, RefreshGrant } from '../login/completed-login.ts';
import type { ClaimsHolders } from './claims-holders.ts';
import { underLease } from './held-lease.ts';
import { personKey } from './person-key.ts';
import type { ProviderRecord } from './provider-record.ts';
import { StoreUnavailable, type Lease, type RecordStore } from './record-store.ts';
import type { RefreshBackoff } from './refresh-backoff.ts';
import type { ProviderReading, SessionRecords } from './session-records.ts';
import type { ClaimsRefresher } from './session-use.ts';

/** How long a rotated refresh token is held on to while the store does not take it. */
const PERSIST_FOR_MS = 10 * MINUTE_MS;
const FIRST_PERSIST_PAUSE_MS = 100;
const LONGEST_PERSIST_PAUSE_MS = 5 * SECOND_MS;
/**
 * Between a refused grant and the end of what lived by it: Dex ends a person's older grant when a
 * sign-in gets its tokens, and those may be on their way to the store. Sessions would come back by
 * that sign-in, tokens would not.
 */
const SIGN_IN_ON_ITS_WAY_MS = 500;

type RefreshResult =
  | 'refreshed'
  | 'unchanged'
  | 'ended'
  | 'failed'
  | 'superseded'
  /** There is no refresh token to ask with: all live until their claims are too old. */
  | 'impossible';

interface SessionRefresherParts {
  readonly store: Pick<RecordStore, 'acquireLease'>;
  readonly records: SessionRecords;
  readonly holders: ClaimsHolders;
  readonly refreshGrant: RefreshGrant;
  readonly backoff: RefreshBackoff;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly claimsRefreshAfterMs: number;
}

export class SessionRefresher implements ClaimsRefresher {
  readonly #parts: SessionRefresherParts;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(parts: SessionRefresherParts) {
    this.#parts = parts;
  }

  /**
   * Gets claims newer than those of `claimsAtMs` (milliseconds since the epoch) into all sessions and
   * tokens of the person, or ends them when the provider says so. Does nothing for a while after a failure.
   * Never rejects.
   */
  refresh(person: string, claimsAtMs: number): Promise<void> {
    const underWay = this.#underWay.get(person);
    if (underWay !== undefined) return underWay;
    if (this.#closing.signal.aborted || this.#parts.backoff.isPaused(person)) {
      return Promise.resolve();
    }
    const started = this.#run(person, claimsAtMs).finally(() => this.#underWay.delete(person));
    this.#underWay.set(person, started);
    return started;
  }

  /** Starts nothing new and waits for what is under way, which gives up waiting for others. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay.values());
  }

  async #run(person: string, claimsAtMs: number): Promise<void> {
    const { backoff, metrics } = this.#parts;
    const result = await this.#resultOf(person, claimsAtMs);
    if (result === 'failed' || result === 'impossible') backoff.failed(person);
    else backoff.succeeded(person);
    if (result !== 'impossible') metrics.increment('kfgw_refreshes_total', { result });
  }

  async #resultOf(person: string, claimsAtMs: number): Promise<RefreshResult> {
    const { clock, logger, store } = this.#parts;
    const lease = { store, clock, signal: this.#closing.signal };
    try {
      const work = (held: Lease) => this.#refreshUnder(held, person, claimsAtMs);
      return (await underLease(lease, person, work)) ?? 'superseded';
    } catch (error) {
      logger.warn('Claims could not be refreshed.', { error: errorText(error) });
      return 'failed';
    }
  }

  async #refreshUnder(lease: Lease, person: string, claimsAtMs: number): Promise<RefreshResult> {
    const used = await this.#parts.records.readProvider(person);
    if (used === undefined) return 'impossible';
    if (this.#isNews(used.record, claimsAtMs)) return await this.#supersededBy(person, used.record);
    if (used.record.tokens.refreshToken === undefined) return 'impossible';
    const outcome = await this.#parts.refreshGrant(used.record.tokens);
    if (outcome.kind === 'failed') return 'failed';
    if (outcome.kind === 'refreshed' && personKey(outcome.login.tokens) === person) {
      return await this.#keep(lease, person, { used, login: outcome.login });
    }
    await pause(this.#parts.clock, SIGN_IN_ON_ITS_WAY_MS, this.#closing.signal);
    return await this.#endUnlessSuperseded(person, used);
  }

  /** Whether a sign-in or another replica has just brought newer claims than the asker has. */
  #isNews(record: ProviderRecord, claimsAtMs: number): boolean {
    const { clock, claimsRefreshAfterMs } = this.#parts;
    return (
      record.claimsAtMs > claimsAtMs && clock.nowMs() - record.claimsAtMs < claimsRefreshAfterMs
    );
  }

  /** The provider's answer is written first; only then does anybody hear of it. */
  async #keep(
    lease: Lease,
    person: string,
    { used, login }: { readonly used: ProviderReading; readonly login: CompletedLogin },
  ): Promise<RefreshResult> {
    const record = { ...login, claimsAtMs: this.#parts.clock.nowMs() };
    const expected = { revision: used.revision, fence: lease.fence };
    switch (await this.#persist(person, record, expected)) {
      case 'written':
        return (await this.#parts.holders.carry(person, record)) ? 'refreshed' : 'unchanged';
      case 'conflict': {
        // A sign-in put newer tokens there, or our own write had gone through unconfirmed.
        const newest = await this.#parts.records.readProvider(person);
        return newest === undefined
          ? 'impossible'
          : await this.#supersededBy(person, newest.record);
      }
      case 'fenced':
        return 'superseded';
    }
  }

  /**
   * Writes until the store takes it, because the provider may have rotated the refresh token and
   * knows only the one in our hands. If the process dies here, or the store stays silent longer,
   * that token is lost: the next refresh presents the old one, which the provider accepts within
   * its reuse interval (Dex: `expiry.refreshTokens.reuseInterval`) and refuses later, so that the
   * person has to sign in again.
   */
  async #persist(
    person: string,
    record: ProviderRecord,
    expected: { readonly revision: number; readonly fence: number },
  ): Promise<'written' | 'conflict' | 'fenced'> {
    const { clock, records } = this.#parts;
    const { signal } = this.#closing;
    const givesUpAtMs = clock.monotonicMs() + PERSIST_FOR_MS;
    for (let waitMs = FIRST_PERSIST_PAUSE_MS; ; waitMs *= 2) {
      try {
        return await records.replaceProvider(person, record, expected);
      } catch (error) {
        const isOver = signal.aborted || clock.monotonicMs() >= givesUpAtMs;
        if (!(error instanceof StoreUnavailable) || isOver) throw error;
        await pause(clock, Math.min(waitMs, LONGEST_PERSIST_PAUSE_MS), signal);
      }
    }
  }

  async #supersededBy(person: string, record: ProviderRecord): Promise<RefreshResult> {
    await this.#parts.holders.carry(person, record);
    return 'superseded';
  }

  /**
   * Ends what lived by the refused grant. It is listed before the record is read again: a sign-in
   * writes its tokens before its session, so if that is among those listed, the
   * revision has changed, and nothing ends. Its grant is newer, and the provider was not asked about it.
   */
  async #endUnlessSuperseded(person: string, used: ProviderReading): Promise<RefreshResult> {
    const { holders, records } = this.#parts;
    const held = await holders.listOf(person);
    const newest = await records.readProvider(person);
    if (newest === undefined) return 'impossible';
    if (newest.revision !== used.revision) return await this.#supersededBy(person, newest.record);
    for (const { key, holder } of held) await holder.end(key, 'provider_ended_session');
    await holders.forgetIfUnused(person);
    return 'ended';
  }
}
