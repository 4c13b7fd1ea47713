// Owns the life of personal tokens and command-line logins: made after a sign-in, exchanged, listed and
// revoked.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { randomId, type Random } from '../../kernel/random.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import { parseTokenScope } from '../bearer/token-scope.ts';
import type { ClaimsHolders } from '../session/claims-holders.ts';
import { StoreUnavailable, type RecordStore } from '../session/record-store.ts';
import type { RecordSealer } from '../session/sealed-record.ts';
import type { SessionRecords } from '../session/session-records.ts';
import type { UseJournal } from '../session/use-journal.ts';
import { openAccessToken, sealAccessToken } from './access-tokens.ts';
import type {
  CreatedLogin,
  CreatedToken,
  IssuedLogin,
  PersonalTokens,
  RefreshedLogin,
  TokenSummary,
  TokenWish,
} from './personal-tokens.ts';
import { firstRefreshState, rotate } from './refresh-rotation.ts';
import type { TokenEnder } from './token-ender.ts';
import { tokenKeyOf } from './token-keys.ts';
import type { PersonalTokenOptions } from './token-options.ts';
import {
  newTokenFields,
  summaryOf,
  type LoginRecord,
  type NewToken,
  type TokenRecord,
} from './token-record.ts';
import type { LiveToken, TokenRecords } from './token-records.ts';
import {
  formatTokenText,
  newLoginName,
  newTokenSecret,
  readTokenText,
  type TokenText,
} from './token-text.ts';
import { isGrantable } from './token-wish.ts';

const HANDLE_BITS = 128;
const SALT_BITS = 256;
/** Others that write a login are refreshes of the same token, and of claims once an hour. */
const WRITE_ATTEMPTS = 5;

interface PersonalTokenServiceParts {
  readonly store: Pick<RecordStore, 'extendProviderRecord'>;
  readonly records: TokenRecords;
  readonly providers: Pick<SessionRecords, 'readProvider'>;
  readonly holders: Pick<ClaimsHolders, 'forgetIfUnused'>;
  readonly sealer: RecordSealer;
  readonly ender: TokenEnder;
  readonly journal: Pick<UseJournal, 'flush'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly options: PersonalTokenOptions;
}

type Admitted =
  | { readonly kind: 'admitted'; readonly fields: NewToken }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

interface Listed extends LiveToken {
  readonly key: string;
}

export class PersonalTokenService implements PersonalTokens {
  readonly #parts: PersonalTokenServiceParts;

  constructor(parts: PersonalTokenServiceParts) {
    this.#parts = parts;
  }

  get maxLifetimeMs(): number {
    return this.#parts.options.maxLifetimeMs;
  }

  async createToken(person: string, wish: TokenWish): Promise<CreatedToken> {
    const admitted = await this.#admit(person, wish);
    if (admitted.kind === 'refused') return admitted;
    const secret = newTokenSecret(this.#parts.random);
    const record = { ...admitted.fields, kind: 'personal' } as const;
    const isWritten = await this.#write(tokenKeyOf('personal', secret), record);
    if (!isWritten) return { kind: 'refused', reason: 'session_ended' };
    const token = formatTokenText({ kind: 'personal', secret });
    return { kind: 'created', token, summary: summaryOf(record, wish.scope, 0) };
  }

  async createLogin(person: string, wish: TokenWish): Promise<CreatedLogin> {
    const { random } = this.#parts;
    const admitted = await this.#admit(person, wish);
    if (admitted.kind === 'refused') return admitted;
    const [login, secret] = [newLoginName(random), newTokenSecret(random)];
    const refresh = firstRefreshState(secret);
    const record = { ...admitted.fields, kind: 'login', refresh } as const;
    const isWritten = await this.#write(tokenKeyOf('login', login), record);
    if (!isWritten) return { kind: 'refused', reason: 'session_ended' };
    const summary = summaryOf(record, wish.scope, 0);
    return { kind: 'created', login: this.#issued(summary, { login, secret }) };
  }

  /** Does not ask who the owner is now: that is asked wherever the access token is used. */
  async refreshLogin(refreshToken: string): Promise<RefreshedLogin> {
    const read = readTokenText(refreshToken);
    if (read?.kind !== 'refresh') return { kind: 'refused' };
    const key = tokenKeyOf('login', read.login);
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      const outcome = await this.#exchange(key, read);
      if (outcome.kind !== 'conflict') return outcome;
    }
    throw new StoreUnavailable('the login is being written all the time');
  }

  async list(person: string): Promise<readonly TokenSummary[]> {
    // So that who has just used a token at this replica sees it.
    await this.#parts.journal.flush();
    return (await this.#listed(person))
      .map(({ record, lastUsedAtMs }) => summaryWithScope(record, lastUsedAtMs))
      .filter((summary) => summary !== undefined)
      .sort((one, other) => other.createdAtMs - one.createdAtMs);
  }

  async revoke(person: string, handle: string): Promise<boolean> {
    const tokens = await this.#listed(person);
    const found = tokens.find(({ record }) => record.handle === handle);
    return found !== undefined && (await this.#end(found.key, person, 'token_revoked'));
  }

  async revokeByToken(token: string): Promise<boolean> {
    const read = readTokenText(token);
    const key = read && this.#keyOf(read);
    if (key === undefined) return false;
    const reading = await this.#live(key);
    return reading !== undefined && (await this.#end(key, reading.record.person, 'token_revoked'));
  }

  async #admit(person: string, wish: TokenWish): Promise<Admitted> {
    const { clock, options, providers, random, store } = this.#parts;
    if (!isGrantable(wish, options.maxLifetimeMs)) return refused('token_wish_refused');
    // Two at once may both find room: each took a sign-in of its own, so it stays about right.
    const tokens = await this.#listed(person);
    if (tokens.length >= options.maxPerPerson) return refused('too_many_tokens');
    const reading = await providers.readProvider(person);
    if (reading === undefined) return refused('session_ended');
    const nowMs = clock.nowMs();
    if (nowMs - reading.record.claimsAtMs >= options.maxClaimsAgeMs)
      return refused('claims_too_old');
    const handle = randomId(random, HANDLE_BITS);
    const fields = newTokenFields(wish, reading.record, { person, handle, nowMs });
    const isKept = await store.extendProviderRecord(person, fields.expiresAtMs);
    return isKept ? { kind: 'admitted', fields } : refused('session_ended');
  }

  /** False when the provider ended the person's grant in this very moment. */
  async #write(key: string, record: TokenRecord): Promise<boolean> {
    if ((await this.#parts.records.create(key, record)) === 'exists') return false;
    this.#parts.metrics.increment('kfgw_tokens_created_total', { kind: record.kind });
    return true;
  }

  async #exchange(
    key: string,
    { login, secret }: { readonly login: string; readonly secret: string },
  ): Promise<RefreshedLogin | { readonly kind: 'conflict' }> {
    const { clock, random, records } = this.#parts;
    const reading = await this.#live(key);
    if (reading?.record.kind !== 'login') return { kind: 'refused' };
    const { record, revision } = reading;
    const summary = summaryWithScope(record, reading.lastUsedAtMs);
    if (summary === undefined) return { kind: 'refused' };
    const salt = randomId(random, SALT_BITS);
    const rotation = rotate(record.refresh, secret, { nowMs: clock.nowMs(), salt });
    if (rotation.kind === 'reused') {
      await this.#end(key, record.person, 'refresh_token_reused');
      return { kind: 'refused' };
    }
    if (rotation.kind === 'rotated') {
      const next: LoginRecord = { ...record, refresh: rotation.next };
      const written = await records.replace(key, next, revision);
      if (written !== 'written') return { kind: written === 'conflict' ? 'conflict' : 'refused' };
    }
    return { kind: 'refreshed', login: this.#issued(summary, { login, secret: rotation.secret }) };
  }

  #issued(
    summary: TokenSummary,
    { login, secret }: { readonly login: string; readonly secret: string },
  ): IssuedLogin {
    const { clock, options, sealer } = this.#parts;
    const nowMs = clock.nowMs();
    const expiresAtMs = Math.min(nowMs + options.accessLifetimeMs, summary.expiresAtMs);
    return {
      summary,
      accessToken: sealAccessToken(sealer, { key: tokenKeyOf('login', login), expiresAtMs }),
      accessExpiresInSec: Math.floor((expiresAtMs - nowMs) / SECOND_MS),
      refreshToken: formatTokenText({ kind: 'refresh', login, secret }),
    };
  }

  async #end(key: string, person: string, reason: ReasonCode): Promise<boolean> {
    const hasEnded = await this.#parts.ender.end(key, reason);
    await this.#parts.holders.forgetIfUnused(person);
    return hasEnded;
  }

  async #listed(person: string): Promise<readonly Listed[]> {
    const keys = await this.#parts.records.keysOf(person);
    const found = keys.map(async (key) => {
      const reading = await this.#live(key);
      return reading?.record.person === person ? { ...reading, key } : undefined;
    });
    return (await Promise.all(found)).filter((token) => token !== undefined);
  }

  /** Undefined when there is none that lives. */
  async #live(key: string): Promise<LiveToken | undefined> {
    const reading = await this.#parts.records.read(key);
    if (reading.kind === 'unavailable') throw new StoreUnavailable('the key of a token is unknown');
    const isLive =
      reading.kind === 'live' && this.#parts.clock.nowMs() < reading.record.expiresAtMs;
    return isLive ? reading : undefined;
  }

  #keyOf(read: TokenText): string | undefined {
    switch (read.kind) {
      case 'personal':
        return tokenKeyOf('personal', read.secret);
      case 'refresh':
        return tokenKeyOf('login', read.login);
      case 'access': {
        const opened = openAccessToken(this.#parts.sealer, read.sealed);
        return opened.kind === 'opened' ? opened.grant.key : undefined;
      }
    }
  }
}

function refused(reason: ReasonCode): Admitted {
  return { kind: 'refused', reason };
}

/** Undefined for a token whose scope this release cannot read: it grants nothing. */
function summaryWithScope(record: TokenRecord, lastUsedAtMs: number): TokenSummary | undefined {
  const scope = parseTokenScope(record.scope);
  return scope && summaryOf(record, scope, lastUsedAtMs);
}
