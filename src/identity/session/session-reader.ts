// Owns reading sessions from the store on behalf of requests: one read per session at a time, with
// a deadline, and not at all while the store is known to be silent. Never rejects.
import { within, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Change } from './change-channel.ts';
import { StoreUnavailable } from './record-store.ts';
import type { SessionReading, SessionRecords } from './session-records.ts';

/** How long a request waits for the store, in milliseconds. */
const READ_DEADLINE_MS = 2 * SECOND_MS;
/** After a failure, one read per so many milliseconds finds out whether the store is back. */
const PROBE_EVERY_MS = SECOND_MS;

export interface CheckedAnswer {
  readonly answer: SessionReading;
  /** Monotonic milliseconds at which the store was asked. */
  readonly askedAtMs: number;
  /** Whether the session changed while the store was being asked: the answer may be the old one. */
  readonly isDoubted: boolean;
}

interface Flight {
  readonly result: Promise<CheckedAnswer>;
  isDoubted: boolean;
}

interface SessionReaderParts {
  readonly records: Pick<SessionRecords, 'readSession'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class SessionReader {
  readonly #parts: SessionReaderParts;
  readonly #flights = new Map<string, Flight>();
  /** While the store is silent: when it may be asked again, in monotonic milliseconds. */
  #probeAtMs: number | undefined;

  constructor(parts: SessionReaderParts) {
    this.#parts = parts;
  }

  /** False while the store is silent and asking it would only make the caller wait. */
  canAsk(): boolean {
    return this.#probeAtMs === undefined || this.#parts.clock.monotonicMs() >= this.#probeAtMs;
  }

  /** Joins a read of the same session that is under way and not doubted. */
  read(key: string): Promise<CheckedAnswer> {
    const flight = this.#flights.get(key);
    if (flight !== undefined) return flight.result;
    if (this.canAsk()) return this.#take(key);
    const askedAtMs = this.#parts.clock.monotonicMs();
    return Promise.resolve({ answer: { kind: 'unavailable' }, askedAtMs, isDoubted: true });
  }

  /** After a change, reads under way answer those who wait for them, and nobody else. */
  doubt(change: Change): void {
    const doubted =
      change.kind === 'all'
        ? [...this.#flights]
        : ([[change.key, this.#flights.get(change.key)]] as const);
    for (const [key, flight] of doubted) {
      if (flight !== undefined) flight.isDoubted = true;
      this.#flights.delete(key);
    }
  }

  #take(key: string): Promise<CheckedAnswer> {
    const askedAtMs = this.#parts.clock.monotonicMs();
    // While silent, this read is the only probe until its deadline has passed.
    if (this.#probeAtMs !== undefined) this.#probeAtMs = askedAtMs + READ_DEADLINE_MS;
    const result = this.#ask(key).then((answer) => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      return { answer, askedAtMs, isDoubted: flight.isDoubted };
    });
    const flight: Flight = { result, isDoubted: false };
    this.#flights.set(key, flight);
    return result;
  }

  async #ask(key: string): Promise<SessionReading> {
    const { clock, logger, records } = this.#parts;
    try {
      const reading = await within(clock, READ_DEADLINE_MS, records.readSession(key), tooLate);
      this.#probeAtMs = undefined;
      return reading;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) {
        logger.error('A session could not be read.', { error: errorText(error) });
      }
      this.#probeAtMs = clock.monotonicMs() + PROBE_EVERY_MS;
      return { kind: 'unavailable' };
    }
  }
}

function tooLate(): StoreUnavailable {
  return new StoreUnavailable('the session store did not answer in time');
}
