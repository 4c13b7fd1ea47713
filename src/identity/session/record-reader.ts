// Owns reading records from the store on behalf of requests: one read per record at a time, with
// a deadline, and not at all while the store is known to be silent. Never rejects.
import { within, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Change } from './change-channel.ts';
import { StoreUnavailable } from './record-store.ts';

/** How long a request waits for the store, in milliseconds. */
const READ_DEADLINE_MS = 2 * SECOND_MS;
/** After a failure, one read per so many milliseconds finds out whether the store is back. */
const PROBE_EVERY_MS = SECOND_MS;

/** No answer: the store is silent, or the record's key is not here yet. */
interface NoAnswer {
  readonly kind: 'unavailable';
}

export interface CheckedAnswer<Reading> {
  readonly answer: Reading | NoAnswer;
  /** Monotonic milliseconds at which the store was asked. */
  readonly askedAtMs: number;
  /** Whether the record changed while the store was being asked: the answer may be the old one. */
  readonly isDoubted: boolean;
}

interface Flight<Reading> {
  readonly result: Promise<CheckedAnswer<Reading>>;
  isDoubted: boolean;
}

interface RecordReaderParts<Reading> {
  /** May reject with StoreUnavailable. */
  readonly read: (key: string) => Promise<Reading>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class RecordReader<Reading> {
  readonly #parts: RecordReaderParts<Reading>;
  readonly #flights = new Map<string, Flight<Reading>>();
  /** While the store is silent: when it may be asked again, in monotonic milliseconds. */
  #probeAtMs: number | undefined;

  constructor(parts: RecordReaderParts<Reading>) {
    this.#parts = parts;
  }

  /** False while the store is silent and asking it would only make the caller wait. */
  canAsk(): boolean {
    return this.#probeAtMs === undefined || this.#parts.clock.monotonicMs() >= this.#probeAtMs;
  }

  /** Joins a read of the same record that is under way and not doubted. */
  read(key: string): Promise<CheckedAnswer<Reading>> {
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

  #take(key: string): Promise<CheckedAnswer<Reading>> {
    const askedAtMs = this.#parts.clock.monotonicMs();
    // While silent, this read is the only probe until its deadline has passed.
    if (this.#probeAtMs !== undefined) this.#probeAtMs = askedAtMs + READ_DEADLINE_MS;
    const result = this.#ask(key).then((answer) => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      return { answer, askedAtMs, isDoubted: flight.isDoubted };
    });
    const flight: Flight<Reading> = { result, isDoubted: false };
    this.#flights.set(key, flight);
    return result;
  }

  async #ask(key: string): Promise<Reading | NoAnswer> {
    const { clock, logger, read } = this.#parts;
    try {
      const reading = await within(clock, READ_DEADLINE_MS, read(key), tooLate);
      this.#probeAtMs = undefined;
      return reading;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) {
        logger.error('A record could not be read.', { error: errorText(error) });
      }
      this.#probeAtMs = clock.monotonicMs() + PROBE_EVERY_MS;
      return { kind: 'unavailable' };
    }
  }
}

function tooLate(): StoreUnavailable {
  return new StoreUnavailable('the session store did not answer in time');
}
