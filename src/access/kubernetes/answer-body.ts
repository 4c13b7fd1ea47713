// Owns the reading of a whole answer: within a deadline and a size.
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText } from '../../kernel/logger.ts';
import type { ApiAnswer } from './api-transport.ts';
import { failureOf, fault, readStatus, type Failure, type Fault } from './load-failure.ts';

const MAX_STATUS_BYTES = 65_536;
const STATUS_WITHIN_MS = 10 * SECOND_MS;

export interface BodyBounds {
  readonly maxBytes: number;
  readonly withinMs: number;
}

export type Body = { readonly kind: 'json'; readonly value: unknown } | Fault;

/** The answer's JSON; whatever the outcome, the answer is closed then. */
export async function readJson(
  answer: ApiAnswer,
  { maxBytes, withinMs }: BodyBounds,
  clock: Clock,
): Promise<Body> {
  const late = new AbortController();
  const cancel = clock.after(withinMs, () => {
    late.abort();
    answer.close();
  });
  try {
    const bytes = await collect(answer.body, maxBytes);
    if (bytes === undefined) return fault('oversized', `an answer of more than ${maxBytes} bytes`);
    return parsed(bytes);
  } catch (error) {
    return late.signal.aborted
      ? fault('silent', `the answer did not end within ${withinMs} ms`)
      : fault('connection', errorText(error));
  } finally {
    cancel();
    answer.close();
  }
}

/** Why the server did not do as asked. */
export async function readFailure(
  answer: ApiAnswer,
  clock: Clock,
  withinMs = STATUS_WITHIN_MS,
): Promise<Failure> {
  const { status, retryAfterMs } = answer;
  const body = await readJson(answer, { maxBytes: MAX_STATUS_BYTES, withinMs }, clock);
  const said = readStatus(body.kind === 'json' ? body.value : undefined, status);
  // The code in the body could be anything; the one of the answer is the server's.
  return failureOf({ ...said, code: status, retryAfterMs: retryAfterMs ?? said.retryAfterMs });
}

async function collect(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parsed(bytes: Buffer): Body {
  try {
    return { kind: 'json', value: JSON.parse(decoded(bytes)) as unknown };
  } catch {
    return fault('malformed', 'the answer is not JSON');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws where the bytes are not UTF-8: a replaced character could make another name. */
export function decoded(bytes: Buffer): string {
  return utf8.decode(bytes);
}
