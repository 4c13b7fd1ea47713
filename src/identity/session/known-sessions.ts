// Owns what this replica knows of sessions: the cache, how it is kept true by the store and by
// change messages, and who is told when it changes.
import type { Cancel, Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { chance, type Random } from '../../kernel/random.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { SessionAuthentication } from '../authentication.ts';
import type { IdentityTools } from '../kept-identity.ts';
import { isSameIdentity } from '../principal.ts';
import type { Change } from './change-channel.ts';
import { ChangeListeners } from './change-listeners.ts';
import { SessionCache } from './session-cache.ts';
import { sessionIdentity } from './session-identity.ts';
import { refreshDueAtMs } from './session-lifetime.ts';
import type { SessionOptions } from './session-options.ts';
import type { CheckedAnswer, RecordReader } from './record-reader.ts';
import type { SessionReading } from './session-records.ts';
import type { SessionRecord } from './session-record.ts';

/** A cached session in use is confirmed by the store, off the request path, after so long. */
const CONFIRM_AFTER_MS = 30 * SECOND_MS;
/** One that was not in use for so much longer is confirmed before the first answer. */
const OVERDUE_AFTER_MS = 30 * SECOND_MS;

/** A session that this replica has read and, as far as it knows, lives. */
export interface KnownSession {
  readonly kind: 'known';
  readonly cookie: string;
  readonly key: string;
  record: SessionRecord;
  revision: number;
  /** The answer to requests, made once per record. */
  authenticated: SessionAuthentication & { readonly kind: 'authenticated' };
  /** In milliseconds since the epoch. */
  lastUsedAtMs: number;
  /** The last use that was noted for writing back, in milliseconds since the epoch. */
  notedUseAtMs: number;
  refreshDueAtMs: number;
  /** When to ask the store again although nothing was announced, in monotonic milliseconds. */
  confirmDueAtMs: number;
  /** Whether a change was announced that the store has not been asked about yet. */
  isDoubted: boolean;
  /**
   * Since when the session lives on trust (doubted, store silent, record lost), in monotonic
   * milliseconds; undefined while the store stands behind it.
   */
  onTrustSinceMs: number | undefined;
}

/** A tombstone, or a limit that nothing can move: the answer does not change any more. */
export interface EndedSession {
  readonly kind: 'ended';
  readonly cookie: string;
  readonly key: string;
  readonly reason: ReasonCode;
}

export type Loaded = KnownSession | EndedSession | { readonly kind: 'missing' | 'unavailable' };

interface KnownSessionsParts {
  readonly reader: RecordReader<SessionReading>;
  readonly identityTools: IdentityTools;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly options: SessionOptions;
  readonly onUse: (session: KnownSession) => void;
}

export class KnownSessions {
  readonly #parts: KnownSessionsParts;
  readonly #cache: SessionCache<KnownSession | EndedSession>;
  readonly #listeners: ChangeListeners;

  constructor(parts: KnownSessionsParts) {
    this.#parts = parts;
    this.#cache = new SessionCache(parts.options.cacheEntries);
    this.#listeners = new ChangeListeners(parts.logger);
  }

  get(cookie: string): KnownSession | EndedSession | undefined {
    return this.#cache.get(cookie);
  }

  /** Whether the store should be asked before the next grant, and can be. */
  shouldAskFirst({ confirmDueAtMs, isDoubted }: KnownSession, monotonicMs: number): boolean {
    const isOverdue = monotonicMs >= confirmDueAtMs + OVERDUE_AFTER_MS;
    return (isDoubted || isOverdue) && this.#parts.reader.canAsk();
  }

  /** Whether the store has not stood behind the session for longer than an outage may last. */
  isTrustSpent({ onTrustSinceMs }: KnownSession, monotonicMs: number): boolean {
    if (onTrustSinceMs === undefined) return false;
    return monotonicMs - onTrustSinceMs > this.#parts.options.outageBoundMs;
  }

  /** Reads a session that is not in the cache. Never rejects. */
  async load(cookie: string, key: string): Promise<Loaded> {
    const checked = await this.#parts.reader.read(key);
    const other = this.#cache.get(cookie);
    if (other !== undefined) return other;
    const { answer } = checked;
    if (answer.kind === 'ended')
      return this.#put({ kind: 'ended', cookie, key, reason: answer.reason });
    if (answer.kind !== 'live') return answer;
    return this.#put(this.#known({ cookie, key }, answer, checked));
  }

  /** Asks the store about a known session and keeps what it says. Never rejects. */
  async confirm(session: KnownSession): Promise<SessionReading> {
    session.confirmDueAtMs = this.#parts.clock.monotonicMs() + CONFIRM_AFTER_MS;
    const checked = await this.#parts.reader.read(session.key);
    const current = this.#cache.byKey(session.key);
    if (current?.kind === 'ended') return current;
    const { answer } = checked;
    if (answer.kind === 'ended') this.end(session.key, answer.reason);
    else if (answer.kind === 'live') this.#take(session, answer, checked);
    else session.onTrustSinceMs ??= checked.askedAtMs;
    // A lost record tells no more however often the store is asked; a silent store may come back.
    if (answer.kind === 'missing') session.isDoubted = checked.isDoubted;
    return answer;
  }

  /** From now on the session is refused here, and everybody is told. */
  end(key: string, reason: ReasonCode): void {
    const entry = this.#cache.byKey(key);
    if (entry?.kind === 'known') this.#put({ kind: 'ended', cookie: entry.cookie, key, reason });
    this.#listeners.emit({ kind: 'session', key });
  }

  /** A change message: nothing in it is believed, the store is asked before the next grant. */
  heard(change: Change): void {
    this.#parts.reader.doubt(change);
    if (change.kind === 'session') this.#doubt(this.#cache.byKey(change.key));
    else for (const entry of this.#cache.entries()) this.#doubt(entry);
    this.#listeners.emit(change);
  }

  onChange(listener: () => void): Cancel {
    return this.#listeners.add(listener);
  }

  #doubt(entry: KnownSession | EndedSession | undefined): void {
    if (entry?.kind !== 'known') return;
    entry.isDoubted = true;
    entry.onTrustSinceMs ??= this.#parts.clock.monotonicMs();
  }

  #take(
    session: KnownSession,
    live: SessionReading & { readonly kind: 'live' },
    { isDoubted }: CheckedAnswer<SessionReading>,
  ): void {
    session.lastUsedAtMs = Math.max(session.lastUsedAtMs, live.lastUsedAtMs);
    if (!isDoubted) {
      session.isDoubted = false;
      session.onTrustSinceMs = undefined;
    }
    if (live.revision <= session.revision) return;
    const isSame = isSameIdentity(session.record, live.record);
    session.record = live.record;
    session.revision = live.revision;
    session.refreshDueAtMs = this.#refreshDueAtMs(live.record);
    session.authenticated = this.#authenticated(live.record, () => this.#parts.onUse(session));
    if (!isSame) this.#listeners.emit({ kind: 'session', key: session.key });
  }

  #known(
    names: { readonly cookie: string; readonly key: string },
    { record, revision, lastUsedAtMs }: SessionReading & { readonly kind: 'live' },
    { askedAtMs, isDoubted }: CheckedAnswer<SessionReading>,
  ): KnownSession {
    const session: KnownSession = {
      kind: 'known',
      ...names,
      record,
      revision,
      lastUsedAtMs,
      notedUseAtMs: 0,
      authenticated: this.#authenticated(record, () => this.#parts.onUse(session)),
      refreshDueAtMs: this.#refreshDueAtMs(record),
      confirmDueAtMs: askedAtMs + CONFIRM_AFTER_MS,
      isDoubted,
      onTrustSinceMs: isDoubted ? askedAtMs : undefined,
    };
    return session;
  }

  #authenticated(record: SessionRecord, onUse: () => void): KnownSession['authenticated'] {
    const identity = sessionIdentity(record, this.#parts.identityTools, onUse);
    return { kind: 'authenticated', identity };
  }

  #refreshDueAtMs(record: SessionRecord): number {
    return refreshDueAtMs(record, this.#parts.options, chance(this.#parts.random));
  }

  #put<Entry extends KnownSession | EndedSession>(entry: Entry): Entry {
    this.#cache.put(entry);
    this.#parts.metrics.set('kfgw_session_cache_entries', {}, this.#cache.size);
    return entry;
  }
}
