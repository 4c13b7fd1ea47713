// Owns one watch from asking to its end.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText } from '../../kernel/logger.ts';
import { chance, type Random } from '../../kernel/random.ts';
import { readFailure } from './answer-body.ts';
import type { ApiAnswer, ApiTransport } from './api-transport.ts';
import { fault } from './load-failure.ts';
import type { ResourceType } from './resource-type.ts';
import { readStream, type StreamEnd, type StreamParts } from './watch-stream.ts';

/** The server ends a watch after a time in this span, so that replicas do not ask at once. */
const [SHORTEST_SEC, LONGEST_SEC] = [300, 600];
/** Events that the server had when it was asked have arrived by then. */
const SETTLED_AFTER_MS = 2 * SECOND_MS;

export interface WatchParts extends Omit<StreamParts, 'clock'> {
  /** Has been open for so long that whatever had happened before the call has been handled. */
  readonly onSettled: () => void;
}

export interface WatchTools {
  readonly transport: ApiTransport;
  readonly type: ResourceType;
  readonly clock: Clock;
  readonly random: Random;
}

/** Everything that there is, then a bookmark that says so, then changes (KEP-3157, WatchList). */
export const everything = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };

/** The changes after a version. */
export function changesAfter(resourceVersion: string) {
  return { resourceVersion };
}

/** Watches all objects of the type until that ends. Never rejects. */
export async function watch(
  tools: WatchTools,
  query: Readonly<Record<string, string>>,
  parts: WatchParts,
): Promise<StreamEnd> {
  const { clock } = tools;
  const answer = await ask(tools, query);
  if ('kind' in answer) return answer;
  if (answer.status !== 200) return readFailure(answer, clock);
  const cancel = clock.after(SETTLED_AFTER_MS, parts.onSettled);
  try {
    return await readStream(answer, { ...parts, clock });
  } finally {
    cancel();
  }
}

async function ask(
  { transport, type, random }: WatchTools,
  query: Readonly<Record<string, string>>,
): Promise<ApiAnswer | Extract<StreamEnd, { kind: 'fault' }>> {
  const seconds = SHORTEST_SEC + Math.floor((LONGEST_SEC - SHORTEST_SEC) * chance(random));
  const all = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    ...query,
  });
  try {
    return await transport.request({
      method: 'GET',
      path: `${type.path}?${all.toString()}`,
      accept: type.acceptWatch,
    });
  } catch (error) {
    return fault('connection', errorText(error));
  }
}
