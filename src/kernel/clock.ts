// Owns time: wall clock, monotonic clock and timers. Everything else is handed a Clock.

/** Cancels what it was returned for; calling it again does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Wall-clock time in milliseconds since the epoch: for lifetimes that others see. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary zero: for intervals. */
  monotonicMs(): number;
  /** Runs `run` once after `delayMs` milliseconds; never keeps the process alive by itself. */
  after(delayMs: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Runs `run` every `periodMs` milliseconds, first after one period, until cancelled. */
export function every(clock: Clock, periodMs: number, run: () => void): Cancel {
  let cancel = clock.after(periodMs, tick);
  function tick(): void {
    cancel = clock.after(periodMs, tick);
    run();
  }
  return () => {
    cancel();
  };
}

/** Resolves after `delayMs` milliseconds, or at once when `signal` aborts. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    if (signal?.aborted === true) done();
    else signal?.addEventListener('abort', done, { once: true });
  });
}

/** What `work` ends in; rejects with `late()` when that takes longer than `ms` milliseconds. */
export function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      reject(late());
    });
    work.then(resolve, reject).finally(cancel);
  });
}

/** Resolves when whatever waits for the event loop has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
