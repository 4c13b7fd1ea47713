// Owns the time that applications may take until their answer begins.
import type { ClientRequest } from 'node:http';
import type { Upstream } from '../access/upstream-table.ts';
import { every, type Cancel, type Clock } from '../kernel/clock.ts';
import { Seats, type Seat } from './seats.ts';

/** How often requests that wait are looked at: the precision of the deadlines. */
const SWEEP_MS = 1_000;

export interface AwaitedAnswer {
  /** Its place among those that wait. */
  readonly deadlineSeat: Seat<AwaitedAnswer>;
  /** Kept by ResponseDeadlines. */
  progress: Progress | undefined;
  readonly upstream: Upstream;
  /** Undefined while it waits for a connection of the pool. */
  readonly request: ClientRequest | undefined;
  /** The application has let its time pass. Called at most once; the answer is then forgotten. */
  expire(): void;
}

export interface Progress {
  atMs: number;
  bytesWritten: number;
}

/**
 * One sweep for all instead of a timer for each. What counts is time without progress, and only
 * while the application is the one to act: a slow upload is nobody's fault.
 */
export class ResponseDeadlines {
  readonly #clock: Clock;
  readonly #awaited = new Seats<AwaitedAnswer>();
  readonly #stop: Cancel;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stop = every(clock, SWEEP_MS, () => {
      this.#sweep();
    });
  }

  watch(answer: AwaitedAnswer): void {
    answer.progress = undefined;
    this.#awaited.take(answer.deadlineSeat);
  }

  /** The answer has begun, or is no longer wanted. */
  forget(answer: AwaitedAnswer): void {
    this.#awaited.leave(answer.deadlineSeat);
  }

  close(): void {
    this.#stop();
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const answer of this.#awaited.holders()) {
      const progress = progressOf(answer.request, answer.progress, nowMs);
      if (nowMs - progress.atMs < limitOf(answer)) {
        answer.progress = progress;
        continue;
      }
      this.forget(answer);
      answer.expire();
    }
  }
}

function limitOf({ request, upstream }: AwaitedAnswer): number {
  return isConnecting(request) ? upstream.connectTimeoutMs : upstream.responseTimeoutMs;
}

function progressOf(
  request: ClientRequest | undefined,
  before: Progress | undefined,
  nowMs: number,
): Progress {
  const bytesWritten = request?.socket?.bytesWritten ?? 0;
  const isStill = before?.bytesWritten === bytesWritten && !waitsForClient(request);
  return isStill ? before : { atMs: nowMs, bytesWritten };
}

/** The rest of the body is still to come, and the application has taken all there is. */
function waitsForClient(request: ClientRequest | undefined): boolean {
  return (
    request !== undefined &&
    !isConnecting(request) &&
    !request.writableEnded &&
    !request.writableNeedDrain
  );
}

function isConnecting(request: ClientRequest | undefined): boolean {
  return request?.socket?.connecting === true;
}
