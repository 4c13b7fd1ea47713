// Owns sessions as those who live by a person's provider record.
import type { ReasonCode } from '../../kernel/reasons.ts';
import { isSameIdentity } from '../principal.ts';
import type { ChangeChannel } from './change-channel.ts';
import type { ClaimsHolder } from './claims-holders.ts';
import type { ProviderRecord } from './provider-record.ts';
import type { RecordStore } from './record-store.ts';
import type { SessionEnder } from './session-ender.ts';
import { withClaims } from './session-record.ts';
import type { SessionRecords } from './session-records.ts';

/** Nobody else writes sessions but refreshes, so conflicts are rare and short. */
const WRITE_ATTEMPTS = 3;

interface SessionHolderParts {
  readonly store: Pick<RecordStore, 'sessionsOfPerson'>;
  readonly records: Pick<SessionRecords, 'readSession' | 'replaceSession'>;
  readonly ender: Pick<SessionEnder, 'end'>;
  readonly channel: Pick<ChangeChannel, 'announce'>;
}

export class SessionHolder implements ClaimsHolder {
  readonly #parts: SessionHolderParts;

  constructor(parts: SessionHolderParts) {
    this.#parts = parts;
  }

  keysOf(person: string): Promise<readonly string[]> {
    return this.#parts.store.sessionsOfPerson(person);
  }

  async carry(key: string, { claims, claimsAtMs }: ProviderRecord): Promise<boolean> {
    const { channel, records } = this.#parts;
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      const reading = await records.readSession(key);
      if (reading.kind !== 'live' || reading.record.claimsAtMs >= claimsAtMs) return false;
      const next = withClaims(reading.record, claims, claimsAtMs);
      const written = await records.replaceSession(key, next, reading.revision);
      if (written === 'conflict') continue;
      const hasChanged = written === 'written' && !isSameIdentity(reading.record, next);
      if (hasChanged) channel.announce(key);
      return hasChanged;
    }
    return false;
  }

  end(key: string, reason: ReasonCode): Promise<boolean> {
    return this.#parts.ender.end(key, reason);
  }
}
