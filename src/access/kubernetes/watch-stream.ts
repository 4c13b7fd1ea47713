// Owns the reading of one open watch: lines into events, in order, until the stream ends, falls
// silent or says something that stops it.
import { nextTurn, type Cancel, type Clock } from '../../kernel/clock.ts';
import { errorText } from '../../kernel/logger.ts';
import type { ApiAnswer } from './api-transport.ts';
import { LineReader, LineTooLong } from './line-reader.ts';
import { fault, type Failure } from './load-failure.ts';
import { readWatchEvent, type WatchEvent } from './watch-event.ts';

/** Objects have at most 1.5 MiB in etcd; their JSON may be some times longer. */
const MAX_LINE_BYTES = 16 * 1_048_576;
/** Some milliseconds' worth of bytes: then whatever else waits has its turn. */
const BYTES_PER_TURN = 524_288;
/** What a line costs besides its bytes, in bytes. */
const BYTES_OF_A_LINE = 4_096;

export type StreamEnd =
  | Failure
  /** The server ended it, as it does after `timeoutSeconds`. */
  | { readonly kind: 'ended' }
  /** Nothing came for `silentAfterMs`. */
  | { readonly kind: 'quiet' }
  /** `signal` was aborted. */
  | { readonly kind: 'stopped' };

/** Of a stream that ended before everything there is had been sent. */
export function asUnfinished(end: StreamEnd): StreamEnd {
  if (end.kind === 'ended') return fault('truncated', 'the stream ended before the objects did');
  if (end.kind === 'quiet') return fault('silent', 'the objects stopped coming');
  return end;
}

/** Of a request that every API server knows. */
export function asKnownRequest(end: StreamEnd): StreamEnd {
  return end.kind === 'unsupported' ? fault('status', end.problem) : end;
}

export interface StreamParts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds between two events after which the stream counts as dead. */
  readonly silentAfterMs: () => number;
  /** Applies an event synchronously; a failure ends the stream. */
  readonly handle: (event: WatchEvent) => Failure | undefined;
}

/** Hands on each event; the answer is closed at the end. Never rejects. */
export async function readStream(answer: ApiAnswer, parts: StreamParts): Promise<StreamEnd> {
  const { signal, clock, silentAfterMs } = parts;
  const close = (): void => {
    answer.close();
  };
  const silence = new Silence(clock, silentAfterMs, close);
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted) return { kind: 'stopped' };
    return await readAll(answer.body, parts, silence);
  } catch (error) {
    if (signal.aborted) return { kind: 'stopped' };
    if (silence.hasFallen) return { kind: 'quiet' };
    const reason = error instanceof LineTooLong ? 'oversized' : 'connection';
    return fault(reason, errorText(error));
  } finally {
    silence.stop();
    signal.removeEventListener('abort', close);
    answer.close();
  }
}

async function readAll(
  body: AsyncIterable<Buffer>,
  { handle }: StreamParts,
  silence: Silence,
): Promise<StreamEnd> {
  const reader = new LineReader(MAX_LINE_BYTES);
  let done = 0;
  for await (const chunk of body) {
    for (const line of reader.lines(chunk)) {
      silence.broken();
      const failure = handleLine(line, handle);
      if (failure !== undefined) return failure;
      done += line.length + BYTES_OF_A_LINE;
      if (done < BYTES_PER_TURN) continue;
      done = 0;
      await nextTurn();
    }
  }
  return reader.isWithinLine
    ? fault('truncated', 'the stream ended within a line')
    : { kind: 'ended' };
}

function handleLine(line: Buffer, handle: StreamParts['handle']): Failure | undefined {
  const event = readWatchEvent(line);
  if (event === undefined) return fault('malformed', 'a line of the watch is not an event');
  try {
    return handle(event);
  } catch (error) {
    return fault('internal', errorText(error));
  }
}

/** A timer that is not set anew for every line. */
class Silence {
  hasFallen = false;
  readonly #clock: Clock;
  readonly #afterMs: () => number;
  readonly #onSilence: () => void;
  #lastMs: number;
  #cancel: Cancel;

  constructor(clock: Clock, afterMs: () => number, onSilence: () => void) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#onSilence = onSilence;
    this.#lastMs = clock.monotonicMs();
    this.#cancel = this.#wait(afterMs());
  }

  broken(): void {
    this.#lastMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#cancel();
  }

  #wait(ms: number): Cancel {
    return this.#clock.after(ms, () => {
      const leftMs = this.#lastMs + this.#afterMs() - this.#clock.monotonicMs();
      if (leftMs > 0) {
        this.#cancel = this.#wait(leftMs);
        return;
      }
      this.hasFallen = true;
      this.#onSilence();
    });
  }
}
