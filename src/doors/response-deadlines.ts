// Owns the time that applications may take until their answer begins.
import type { ClientRequest } from 'node:http';
import type { Upstream } from '../access/upstream-table.ts';
import { every, type Cancel, type Clock } from '../kernel/clock.ts';

/** How often requests that wait are looked at: the precision of the deadlines. */
const SWEEP_MS = 1_000;

export interface AwaitedAnswer {
  readonly upstream: Upstream;
  /** Undefined while it waits for a connection of the pool. */
  readonly request: ClientRequest | undefined;
  /** The application has let its time pass. Called at most once; the answer is then forgotten. */
  expire(): void;
}

interface Progress {
  atMs: number;
  bytesWritten: number;
}

/**
 * One sweep for all instead of a timer for each. What counts is time without progress, and only
 * while the application is the one to act: a slow upload is nobody's fault.
 */
export class ResponseDeadlines {
  readonly #clock: Clock;
  readonly #awaited = new Map<AwaitedAnswer, Progress | undefined>();
  readonly #stop: Cancel;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stop = every(clock, SWEEP_MS, () => {
      this.#sweep();
    });
  }

  watch(answer: AwaitedAnswer): void {
    this.#awaited.set(answer, undefined);
  }

  /** The answer has begun, or is no longer wanted. */
  forget(answer: AwaitedAnswer): void {
    this.#awaited.delete(answer);
  }

  close(): void {
    this.#stop();
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [answer, before] of this.#awaited) {
      const progress = progressOf(answer.request, before, nowMs);
      if (nowMs - progress.atMs < limitOf(answer)) {
        this.#awaited.set(answer, progress);
        continue;
      }
      this.#awaited.delete(answer);
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
