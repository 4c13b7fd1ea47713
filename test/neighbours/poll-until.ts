// Owns waiting for something that another process does: by asking again, never by sleeping.
import { setTimeout as delay } from 'node:timers/promises';

/** How long to keep asking, and how often, in milliseconds. */
export interface PollLimits {
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/**
 * Asks until the probe answers something other than undefined or false, and returns that.
 * A probe that throws has not succeeded yet. Rejects at the deadline, with the probe's last error
 * as cause.
 */
export async function pollUntil<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = 10_000, everyMs = 25 }: PollLimits = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let lastError: unknown;
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`not within ${withinMs} ms: ${what}`, { cause: lastError });
    }
    await delay(everyMs);
  }
}
