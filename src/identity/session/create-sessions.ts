// Owns putting the parts of sessions together: store, channel and keys in, sessions out.
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { Random } from '../../kernel/random.ts';
import type { SessionAuthenticator } from '../authentication.ts';
import type { RefreshGrant } from '../login/completed-login.ts';
import type { AssertionSigner } from '../tokens/assertion-signer.ts';
import type { ChangeChannel } from './change-channel.ts';
import { ClaimsHolders } from './claims-holders.ts';
import { ExpressSessionStore } from './express-session-store.ts';
import { KnownSessions } from './known-sessions.ts';
import { RecordReader } from './record-reader.ts';
import type { RecordStore } from './record-store.ts';
import { RefreshBackoff } from './refresh-backoff.ts';
import { RecordSealer } from './sealed-record.ts';
import { StoredSessionAuthenticator } from './session-authenticator.ts';
import { SessionEnder } from './session-ender.ts';
import { SessionHolder } from './session-holder.ts';
import type { SessionKeys } from './session-keys.ts';
import { useFlushMs } from './session-lifetime.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionRecords } from './session-records.ts';
import { SessionRefresher } from './session-refresher.ts';
import { SessionService } from './session-service.ts';
import { SessionUse, type ClaimsRefresher } from './session-use.ts';
import type { Sessions } from './sessions.ts';
import { UseJournal } from './use-journal.ts';

export interface SessionDependencies {
  /** Store and channel stay their maker's to close, after the sessions. */
  readonly store: RecordStore;
  readonly channel: ChangeChannel;
  readonly keys: SessionKeys;
  readonly signAssertion: AssertionSigner;
  readonly refreshGrant: RefreshGrant;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface SessionRoom {
  readonly sessions: Sessions;
  readonly authenticator: SessionAuthenticator;
  readonly expressStore: ExpressSessionStore;
  /** Gets fresh claims for all that a person has. */
  readonly refresher: ClaimsRefresher;
  /** Where others join who live by a person's provider record. */
  readonly holders: ClaimsHolders;
  /** Writes back last uses and lets refreshes under way finish. */
  close(): Promise<void>;
}

export function createSessions(options: SessionOptions, given: SessionDependencies): SessionRoom {
  const { absoluteMs, claimsRefreshAfterMs } = options;
  const records = new SessionRecords(
    given.store,
    new RecordSealer(given.keys.record, given.random),
    given.logger,
  );
  const known = new KnownSessions({
    ...given,
    options,
    reader: new RecordReader({ ...given, read: (key: string) => records.readSession(key) }),
    identityTools: { ...given, headerNames: options },
    onUse: (session) => {
      use.used(session);
    },
  });
  const ender = new SessionEnder({ ...given, records, known, absoluteMs });
  const holders = new ClaimsHolders(given);
  holders.join(new SessionHolder({ ...given, records, ender }));
  const timing = { claimsRefreshAfterMs, backoff: new RefreshBackoff(given.clock, given.random) };
  const refresher = new SessionRefresher({ ...given, ...timing, records, holders });
  const journal = new UseJournal({ ...given, flushMs: useFlushMs(options) });
  const use = new SessionUse({ known, journal, refresher, clock: given.clock });
  const sessions = new SessionService({ ...given, records, known, ender, holders, absoluteMs });
  const stopListening = given.channel.onChange((change) => {
    known.heard(change);
  });
  return {
    sessions,
    authenticator: new StoredSessionAuthenticator({ ...given, options, known, use }),
    expressStore: new ExpressSessionStore({ records, sessions }),
    refresher,
    holders,
    async close() {
      stopListening();
      await refresher.close();
      await journal.close();
    },
  };
}
