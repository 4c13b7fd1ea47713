// Owns judging the tokens that people made here: by their record, by who their owner is now, and by
// what this replica has heard since.
import { pause, within, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import { parseTokenScope } from '../bearer/token-scope.ts';
import {
  rejected,
  type TokenVerdict,
  type TokenVerifier,
  type UnverifiedToken,
  type VerifiedToken,
} from '../bearer/token-verifier.ts';
import type { RecordReader } from '../session/record-reader.ts';
import { StoreUnavailable } from '../session/record-store.ts';
import type { RecordSealer } from '../session/sealed-record.ts';
import type { SessionRecords } from '../session/session-records.ts';
import type { ClaimsRefresher } from '../session/session-use.ts';
import type { UseJournal } from '../session/use-journal.ts';
import { openAccessToken, type AccessGrant } from './access-tokens.ts';
import type { TokenChanges } from './token-changes.ts';
import { tokenKeyOf } from './token-keys.ts';
import type { PersonalTokenOptions } from './token-options.ts';
import { ownerOf, type TokenOwner, type TokenRecord } from './token-record.ts';
import type { TokenReading } from './token-records.ts';
import { looksLikeOurs, readTokenText } from './token-text.ts';

/** A verdict is asked for again after so long although nothing was announced, in milliseconds. */
const FRESH_MS = 30 * SECOND_MS;
/** How long one question may take in all, in milliseconds. */
const DEADLINE_MS = 2 * SECOND_MS;
const RETRY_AFTER_SEC = 5;
/** Finer than anybody looks at last uses. */
const NOTE_EVERY_MS = SECOND_MS;

interface PersonalTokenVerifierParts {
  readonly reader: RecordReader<TokenReading>;
  readonly providers: Pick<SessionRecords, 'readProvider'>;
  readonly refresher: ClaimsRefresher;
  readonly sealer: Pick<RecordSealer, 'open'>;
  readonly changes: TokenChanges;
  readonly journal: Pick<UseJournal, 'note'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: PersonalTokenOptions;
}

/** A question under way. */
interface Asking {
  readonly grant: AccessGrant;
  /** Monotonic milliseconds. */
  readonly untilMs: number;
  /** The newest change when the question was asked. */
  readonly changeCount: number;
  /** Whether the provider was asked for fresh claims already. */
  readonly isRenewed: boolean;
}

export class PersonalTokenVerifier implements TokenVerifier {
  readonly #parts: PersonalTokenVerifierParts;

  constructor(parts: PersonalTokenVerifierParts) {
    this.#parts = parts;
  }

  claims({ text }: UnverifiedToken): boolean {
    return looksLikeOurs(text);
  }

  async verify({ text }: UnverifiedToken): Promise<TokenVerdict> {
    const grant = this.#grantOf(text);
    if ('kind' in grant) return grant;
    const { changes, clock, logger } = this.#parts;
    if (clock.nowMs() >= grant.expiresAtMs) return rejected('token_expired', 'an access token');
    const untilMs = clock.monotonicMs() + DEADLINE_MS;
    try {
      return await this.#judge({ grant, untilMs, changeCount: changes.count, isRenewed: false });
    } catch (error) {
      if (!(error instanceof StoreUnavailable))
        logger.error('A personal token could not be judged.', { error: errorText(error) });
      return unavailable('token_store_unavailable');
    }
  }

  /** Which record the token stands for, and until when; or why it stands for none. */
  #grantOf(text: string): AccessGrant | TokenVerdict {
    const read = readTokenText(text);
    switch (read?.kind) {
      case undefined:
        return rejected('invalid_token', 'its form or checksum is wrong');
      case 'refresh':
        return rejected('invalid_token', 'a refresh token is no bearer token');
      case 'personal':
        return { key: tokenKeyOf('personal', read.secret), expiresAtMs: Infinity };
      case 'access': {
        const opened = openAccessToken(this.#parts.sealer, read.sealed);
        if (opened.kind === 'opened') return opened.grant;
        if (opened.kind === 'unknown-key') return unavailable('token_store_unavailable');
        return rejected('invalid_token', 'an access token that was not sealed here');
      }
    }
  }

  async #judge(asking: Asking): Promise<TokenVerdict> {
    const { answer } = await this.#parts.reader.read(asking.grant.key);
    switch (answer.kind) {
      case 'unavailable':
        return unavailable('token_store_unavailable');
      case 'missing':
        return rejected('invalid_token', 'no such token');
      case 'ended':
        return rejected(answer.reason, 'the token has ended');
      case 'live':
        return await this.#judgeLive(asking, answer.record);
    }
  }

  async #judgeLive(asking: Asking, record: TokenRecord): Promise<TokenVerdict> {
    const { clock, options, refresher } = this.#parts;
    if (clock.nowMs() >= record.expiresAtMs) return rejected('token_expired', 'a personal token');
    const owner = await this.#newestOwner(asking, record);
    const ageMs = clock.nowMs() - owner.claimsAtMs;
    if (ageMs >= options.maxClaimsAgeMs) return await this.#renewed(asking, record.person, owner);
    if (ageMs >= options.claimsRefreshAfterMs)
      void refresher.refresh(record.person, owner.claimsAtMs);
    return this.#verified(asking, record, owner);
  }

  /** The record's own copy while it is young; then whatever the provider last said of the person. */
  async #newestOwner({ untilMs }: Asking, { owner, person }: TokenRecord): Promise<TokenOwner> {
    const { clock, options, providers } = this.#parts;
    if (clock.nowMs() - owner.claimsAtMs < options.claimsRefreshAfterMs) return owner;
    const leftMs = untilMs - clock.monotonicMs();
    const reading = await within(clock, leftMs, providers.readProvider(person), tooLate);
    if (reading === undefined || reading.record.claimsAtMs <= owner.claimsAtMs) return owner;
    return { ...ownerOf(reading.record), authTimeSec: owner.authTimeSec };
  }

  /** Whoever comes back after a pause has not been refreshed meanwhile: once, before the answer. */
  async #renewed(asking: Asking, person: string, owner: TokenOwner): Promise<TokenVerdict> {
    if (asking.isRenewed) return rejected('claims_too_old', 'nobody confirms its owner');
    const { clock, refresher } = this.#parts;
    const waited = new AbortController();
    const isDone = await Promise.race([
      refresher.refresh(person, owner.claimsAtMs).then(() => true),
      pause(clock, asking.untilMs - clock.monotonicMs(), waited.signal).then(() => false),
    ]);
    waited.abort();
    return isDone
      ? await this.#judge({ ...asking, isRenewed: true })
      : unavailable('provider_unavailable');
  }

  #verified({ grant, changeCount }: Asking, record: TokenRecord, owner: TokenOwner): TokenVerdict {
    const { changes, clock, options, reader } = this.#parts;
    const scope = parseTokenScope(record.scope);
    // Undefined would be every right of the owner.
    if (scope === undefined) return rejected('invalid_token', 'its scope cannot be read');
    const claimsEndAtMs = owner.claimsAtMs + options.maxClaimsAgeMs;
    const trustForMs = claimsEndAtMs - clock.nowMs();
    const token: VerifiedToken = {
      handle: record.handle,
      principal: owner.principal,
      email: owner.email,
      authTimeSec: owner.authTimeSec,
      expiresAtMs: Math.min(record.expiresAtMs, grant.expiresAtMs),
      freshForMs: Math.min(FRESH_MS, trustForMs),
      trustForMs,
      scope,
      // A silent store keeps nobody's claims alive; one that answers is asked whether there are newer.
      ended: () =>
        changes.endOf(grant.key) ??
        (clock.nowMs() >= claimsEndAtMs && !reader.canAsk() ? 'claims_too_old' : undefined),
      isDoubted: () => changes.isChangedSince(grant.key, changeCount),
      markUsed: this.#noteUse(grant.key),
    };
    return { kind: 'verified', token };
  }

  #noteUse(key: string): () => void {
    const { clock, journal } = this.#parts;
    let notedAtMs = 0;
    return () => {
      const nowMs = clock.nowMs();
      if (nowMs - notedAtMs < NOTE_EVERY_MS) return;
      notedAtMs = nowMs;
      journal.note(key, nowMs);
    };
  }
}

function unavailable(reason: ReasonCode): TokenVerdict {
  return { kind: 'unavailable', reason, retryAfterSec: RETRY_AFTER_SEC };
}

function tooLate(): StoreUnavailable {
  return new StoreUnavailable('the token store did not answer in time');
}
