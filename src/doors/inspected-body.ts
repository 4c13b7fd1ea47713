// Owns reading a whole body before the answer, where the body decides.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';
import type { Fields } from '../kernel/fields.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import { readJsonObject } from '../request/json-object.ts';
import { forEachHeader } from '../request/raw-headers.ts';
import type { Exchange } from './exchange.ts';

/** From the first byte waited for to the last: a few hundred bytes that nobody types while sending. */
const BODY_DEADLINE_MS = 10 * SECOND_MS;

export type InspectedBody =
  /** `bytes` as they came, and the object that they are: what was judged is what is forwarded. */
  | {
      readonly kind: 'body';
      readonly bytes: Buffer;
      readonly value: Fields;
    }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

type Received = { readonly kind: 'received'; readonly bytes: Buffer } | Refused;
type Refused = Extract<InspectedBody, { kind: 'refused' }>;

const none: InspectedBody = { kind: 'body', bytes: Buffer.alloc(0), value: {} };
const unreadable: Refused = { kind: 'refused', reason: 'body_unreadable' };
const tooLarge: Refused = { kind: 'refused', reason: 'body_too_large' };
const tooSlow: Refused = { kind: 'refused', reason: 'request_timeout' };

/**
 * Reads a body of at most `maxBytes` bytes that must be one JSON object, uncompressed and in UTF-8, so
 * that the application can read nothing else in it. No body at all is an empty object. Never rejects.
 * A refused request may still have bytes on their way; its answer must be the connection's last.
 */
export async function readInspectedBody(
  { req, res, hasBody, expectsContinue }: Exchange,
  maxBytes: number,
  clock: Clock,
): Promise<InspectedBody> {
  if (!hasBody) return none;
  if (!isPlainJson(req)) return unreadable;
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) return tooLarge;
  if (expectsContinue) res.writeContinue();
  const received = await receive(req, maxBytes, clock);
  if (received.kind === 'refused') return received;
  const value = readJsonObject(received.bytes);
  return value === undefined ? unreadable : { kind: 'body', bytes: received.bytes, value };
}

const jsonInUtf8 = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;

/** From the raw headers: of repeated lines `node:http` keeps one, and the application may another. */
function isPlainJson({ rawHeaders }: IncomingMessage): boolean {
  const types: string[] = [];
  const codings: string[] = [];
  forEachHeader(rawHeaders, (name, value) => {
    const lowerName = name.toLowerCase();
    if (lowerName === 'content-type') types.push(value);
    else if (lowerName === 'content-encoding') codings.push(value.toLowerCase());
  });
  const [type = ''] = types;
  return (
    types.length === 1 && jsonInUtf8.test(type) && codings.every((coding) => coding === 'identity')
  );
}

/** Resolves with the first of: all of it, a byte too much, the deadline, the end of the connection. */
function receive(req: IncomingMessage, maxBytes: number, clock: Clock): Promise<Received> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (received: Received): void => {
      cancel();
      req.off('data', take).off('end', finish).off('close', giveUp).off('error', giveUp);
      // Whatever else comes is dropped, so that it does not stand in the way of the answer.
      req.on('error', () => undefined).resume();
      resolve(received);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) settle(tooLarge);
    };
    const finish = (): void => {
      settle({ kind: 'received', bytes: Buffer.concat(chunks) });
    };
    const giveUp = (): void => {
      settle(unreadable);
    };
    const cancel = clock.after(BODY_DEADLINE_MS, () => {
      settle(tooSlow);
    });
    req.on('data', take).once('end', finish).once('close', giveUp).once('error', giveUp);
  });
}
