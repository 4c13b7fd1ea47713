// Owns tokens as those who live by a person's provider record.
import type { ReasonCode } from '../../kernel/reasons.ts';
import { isSameIdentity } from '../principal.ts';
import type { ChangeChannel } from '../session/change-channel.ts';
import type { ClaimsHolder } from '../session/claims-holders.ts';
import type { ProviderRecord } from '../session/provider-record.ts';
import type { RecordStore } from '../session/record-store.ts';
import type { TokenEnder } from './token-ender.ts';
import { ownerOf } from './token-record.ts';
import type { TokenRecords } from './token-records.ts';

/** Only refreshes of claims and of the login itself write a token, so conflicts are rare and short. */
const WRITE_ATTEMPTS = 3;

interface TokenHolderParts {
  readonly store: Pick<RecordStore, 'extendProviderRecord'>;
  readonly records: Pick<TokenRecords, 'read' | 'replace' | 'keysOf'>;
  readonly ender: Pick<TokenEnder, 'end'>;
  readonly channel: Pick<ChangeChannel, 'announce'>;
}

export class TokenHolder implements ClaimsHolder {
  readonly #parts: TokenHolderParts;

  constructor(parts: TokenHolderParts) {
    this.#parts = parts;
  }

  keysOf(person: string): Promise<readonly string[]> {
    return this.#parts.records.keysOf(person);
  }

  /** Also lets the record live as long as the token: a sign-in after it was lost made a shorter one. */
  async carry(key: string, provider: ProviderRecord): Promise<boolean> {
    const { channel, records, store } = this.#parts;
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      const reading = await records.read(key);
      if (reading.kind !== 'live') return false;
      const { record, revision } = reading;
      if (record.owner.claimsAtMs >= provider.claimsAtMs) return false;
      await store.extendProviderRecord(record.person, record.expiresAtMs);
      const owner = { ...ownerOf(provider), authTimeSec: record.owner.authTimeSec };
      const written = await records.replace(key, { ...record, owner }, revision);
      if (written === 'conflict') continue;
      const hasChanged = written === 'written' && !isSameIdentity(record.owner, owner);
      if (hasChanged) channel.announce(key);
      return hasChanged;
    }
    return false;
  }

  end(key: string, reason: ReasonCode): Promise<boolean> {
    return this.#parts.ender.end(key, reason);
  }
}
