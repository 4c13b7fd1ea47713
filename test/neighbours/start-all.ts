// Owns starting several parts of one neighbour, all or none.

/** Something that was started. */
interface Stoppable {
  stop(): Promise<void>;
}

/** Starts so many alike; if one fails, stops these and those started before, and rejects. */
export async function startAll<T extends Stoppable>(
  before: readonly Stoppable[],
  count: number,
  start: () => Promise<T>,
): Promise<T[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, start));
  const started = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return started;
  await Promise.all([...before, ...started].map((part) => part.stop()));
  throw failure.reason;
}
