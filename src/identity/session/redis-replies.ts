// Owns reading what Redis answers: strictly, because anybody with access to Redis may have written it.
import { reasons, type ReasonCode } from '../../kernel/reasons.ts';
import type { StoredProviderRecord, StoredSession } from './record-store.ts';
import type { RedisAddress } from './redis-options.ts';

type Field = Buffer | null | undefined;

/** The fields of a session's hash in the order in which sessionOf expects them. */
export const SESSION_FIELDS = ['e', 'r', 'u', 'b'] as const;
/** The fields of a provider record in the order in which providerRecordOf expects them. */
export const PROVIDER_FIELDS = ['r', 'b'] as const;

/**
 * A session from its fields. A tombstone wins over everything beside it, and one with a reason of
 * another release is still a tombstone. A record that is not whole is one that the store lost.
 */
export function sessionOf([ended, revision, lastUse, sealed]: readonly Field[]): StoredSession {
  if (isThere(ended)) return { kind: 'ended', reason: reasonOf(ended.toString()) };
  const parsed = { revision: countOf(revision), lastUsedAtMs: countOf(lastUse) };
  if (parsed.revision === undefined || parsed.lastUsedAtMs === undefined || !isThere(sealed)) {
    return { kind: 'missing' };
  }
  const { lastUsedAtMs } = parsed;
  return { kind: 'live', revision: parsed.revision, sealed, lastUsedAtMs };
}

/** A provider record from its fields; undefined when it is not whole. */
export function providerRecordOf(fields: readonly Field[]): StoredProviderRecord | undefined {
  const [revision, sealed] = [countOf(fields[0]), fields[1]];
  return revision === undefined || !isThere(sealed) ? undefined : { revision, sealed };
}

/** One of the words that a script may answer; throws when it is another. */
export function wordOf<const W extends string>(reply: unknown, words: readonly W[]): W {
  const word = words.find((candidate) => candidate === reply);
  if (word === undefined) throw new Error('Redis answered something unexpected');
  return word;
}

/** A list of texts; throws when it is not one. */
export function textsOf(reply: unknown): readonly string[] {
  if (!Array.isArray(reply)) throw new Error('Redis answered something unexpected');
  return reply.filter((text) => typeof text === 'string');
}

/** The fence of a lease that was granted; undefined when it was not. */
export function fenceOf(reply: unknown): number | undefined {
  if (reply === null) return undefined;
  const fence = typeof reply === 'string' ? countOf(reply) : undefined;
  if (fence === undefined) throw new Error('Redis answered something unexpected');
  return fence;
}

export interface NamedMaster {
  readonly address: RedisAddress;
  /** Configuration epoch: grows with every failover. */
  readonly epoch: number;
}

/** The master in a Sentinel's answer to SENTINEL MASTER: names and values in turn. */
export function masterOf(reply: unknown): NamedMaster {
  const texts = textsOf(reply);
  const fields = new Map(texts.map((name, index) => [index % 2 === 0 && name, texts[index + 1]]));
  const [host, port] = [fields.get('ip'), countOf(fields.get('port'))];
  const epoch = countOf(fields.get('config-epoch'));
  if (host === undefined || port === undefined || epoch === undefined) {
    throw new Error('a Sentinel answered something unexpected');
  }
  return { address: { host, port }, epoch };
}

/** A non-negative whole number that is exact; undefined when it is not one. */
function countOf(text: Buffer | string | null | undefined): number | undefined {
  const digits = /^\d{1,16}$/.exec(text?.toString() ?? '')?.[0];
  const count = Number(digits);
  return Number.isSafeInteger(count) ? count : undefined;
}

function isThere(field: Field): field is Buffer {
  return field !== null && field !== undefined;
}

function reasonOf(text: string): ReasonCode {
  return isReason(text) ? text : 'session_ended';
}

function isReason(text: string): text is ReasonCode {
  return Object.hasOwn(reasons, text);
}
