// Owns asking the API server once more where no answer came, for what changes nothing there.
import type { Clock } from '../../kernel/clock.ts';
import type { ApiOutcome } from './api-client.ts';

/**
 * What `ask` ends in. A kept connection may be closed at the other end at the very moment that it is
 * used (RFC 9112 section 9.3.1 lets a client try again then), so without any answer it is asked again,
 * in what is left of the `withinMs` milliseconds that both tries have together.
 */
export async function askTwice(
  ask: (withinMs: number) => Promise<ApiOutcome>,
  withinMs: number,
  clock: Clock,
): Promise<ApiOutcome> {
  const endMs = clock.monotonicMs() + withinMs;
  const first = await ask(withinMs);
  const leftMs = endMs - clock.monotonicMs();
  const isUnanswered = first.kind === 'unavailable' && first.status === undefined;
  return isUnanswered && leftMs > 0 ? ask(leftMs) : first;
}
