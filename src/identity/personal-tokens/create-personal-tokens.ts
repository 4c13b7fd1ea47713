// Owns putting the parts of personal tokens together: the sessions' store, channel and keys in, tokens out.
import type { Cancel, Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { Random } from '../../kernel/random.ts';
import type { TokenVerifier } from '../bearer/token-verifier.ts';
import type { ChangeChannel } from '../session/change-channel.ts';
import { ChangeListeners } from '../session/change-listeners.ts';
import type { SessionRoom } from '../session/create-sessions.ts';
import { RecordReader } from '../session/record-reader.ts';
import type { RecordStore } from '../session/record-store.ts';
import { RecordSealer } from '../session/sealed-record.ts';
import type { SessionKeys } from '../session/session-keys.ts';
import { SessionRecords } from '../session/session-records.ts';
import { UseJournal } from '../session/use-journal.ts';
import { PersonalTokenService } from './personal-token-service.ts';
import { PersonalTokenVerifier } from './personal-token-verifier.ts';
import type { PersonalTokens } from './personal-tokens.ts';
import { TokenChanges } from './token-changes.ts';
import { TokenEnder } from './token-ender.ts';
import { TokenHolder } from './token-holder.ts';
import { isTokenKey } from './token-keys.ts';
import type { PersonalTokenOptions } from './token-options.ts';
import { TokenRecords } from './token-records.ts';

/** Last uses of tokens reach other replicas' lists after so long at most. */
const USE_FLUSH_MS = 10 * SECOND_MS;

export interface PersonalTokenDependencies {
  /** Store and channel are the sessions' own, and stay their maker's to close. */
  readonly store: RecordStore;
  readonly channel: ChangeChannel;
  readonly keys: Pick<SessionKeys, 'record'>;
  readonly sessions: Pick<SessionRoom, 'refresher' | 'holders'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface PersonalTokenRoom {
  readonly service: PersonalTokens;
  readonly verifier: TokenVerifier;
  /** Calls `listener` whenever any token may have changed; coalescing is the listener's. */
  onChange(listener: () => void): Cancel;
  /** Writes back last uses; to be called before the sessions are closed. */
  close(): Promise<void>;
}

/** Joins those who live by provider records, and listens to the sessions' channel until it is closed. */
export function createPersonalTokens(
  options: PersonalTokenOptions,
  given: PersonalTokenDependencies,
): PersonalTokenRoom {
  const { channel, logger, sessions, store } = given;
  const sealer = new RecordSealer(given.keys.record, given.random);
  const records = new TokenRecords(store, sealer, logger);
  const providers = new SessionRecords(store, sealer, logger);
  const reader = new RecordReader({ ...given, read: (key: string) => records.read(key) });
  const changes = new TokenChanges();
  const journal = new UseJournal({ ...given, flushMs: USE_FLUSH_MS });
  const ender = new TokenEnder({ ...given, ...options, records, changes });
  const parts = { ...given, options, sealer, records, providers, reader, changes, journal, ender };
  sessions.holders.join(new TokenHolder(parts));
  const listeners = new ChangeListeners(logger);
  const stopListening = channel.onChange((change) => {
    if (change.kind === 'session' && !isTokenKey(change.key)) return;
    changes.heard(change);
    reader.doubt(change);
    listeners.emit(change);
  });
  return {
    service: new PersonalTokenService({ ...parts, ...sessions }),
    verifier: new PersonalTokenVerifier({ ...parts, ...sessions }),
    onChange: (listener) => listeners.add(listener),
    async close() {
      stopListening();
      await journal.close();
    },
  };
}
