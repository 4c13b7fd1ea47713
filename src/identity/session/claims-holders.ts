// Owns who lives by a person's provider record: sessions and tokens take their claims from it and end
// with its grant, and it is kept for as long as any of them lives.
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { ProviderRecord } from './provider-record.ts';
import type { RecordStore } from './record-store.ts';

/** One kind of what lives by provider records. Every method may throw StoreUnavailable. */
export interface ClaimsHolder {
  /** Store keys of all that the person has; never misses one, may name some that have ended. */
  keysOf(person: string): Promise<readonly string[]>;
  /** Brings the record's claims in where they are news; true when the identity changed by it. */
  carry(key: string, provider: ProviderRecord): Promise<boolean>;
  /** True when it was ended, false when it had ended before. */
  end(key: string, reason: ReasonCode): Promise<boolean>;
}

/** The store key of a session or token, and its kind. */
export interface HeldKey {
  readonly key: string;
  readonly holder: ClaimsHolder;
}

interface ClaimsHoldersParts {
  readonly store: Pick<RecordStore, 'readSession' | 'deleteProviderRecord'>;
  readonly logger: Logger;
}

export class ClaimsHolders {
  readonly #parts: ClaimsHoldersParts;
  readonly #kinds: ClaimsHolder[] = [];

  constructor(parts: ClaimsHoldersParts) {
    this.#parts = parts;
  }

  /** From now on this kind lives by the records, too. */
  join(kind: ClaimsHolder): void {
    this.#kinds.push(kind);
  }

  /** May throw StoreUnavailable. */
  async listOf(person: string): Promise<readonly HeldKey[]> {
    const lists = this.#kinds.map(async (holder) =>
      (await holder.keysOf(person)).map((key) => ({ key, holder })),
    );
    return (await Promise.all(lists)).flat();
  }

  /** Brings the claims into all that the person has; true when any identity changed. May throw StoreUnavailable. */
  async carry(person: string, provider: ProviderRecord): Promise<boolean> {
    let hasChanged = false;
    for (const { key, holder } of await this.listOf(person)) {
      if (await holder.carry(key, provider)) hasChanged = true;
    }
    return hasChanged;
  }

  /**
   * Deletes a person's provider record when nothing that lives by it is left. A sign-in of the same
   * person in that very moment may lose its tokens by it: that session then lives until its claims
   * are too old. Never rejects: the rest has ended, and the store forgets the record in time.
   */
  async forgetIfUnused(person: string): Promise<void> {
    const { logger, store } = this.#parts;
    try {
      for (const { key } of await this.listOf(person)) {
        // A key without a record may be that of a session which is just being written.
        if ((await store.readSession(key)).kind !== 'ended') return;
      }
      await store.deleteProviderRecord(person);
    } catch (error) {
      logger.warn('A provider record that nobody uses is left to expire.', {
        error: errorText(error),
      });
    }
  }
}
