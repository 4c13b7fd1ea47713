// Owns the single walk over a request's raw headers: the values that are read, and what is refused
// on the way.
import type { ReasonCode } from '../kernel/reasons.ts';
import { NOT_READ, SLOTS, type HeaderTable, type ReadName } from './header-traits.ts';
import type { RequestLimits } from './hygiene.ts';

/** Values of repeated lines are joined as RFC 9110 section 5.3 says, cookies with `; `. */
export interface WalkedHeaders {
  readonly kind: 'walked';
  /** By SLOTS. */
  readonly values: readonly (string | undefined)[];
  /** One bit per slot: set when the header came in more than one line. */
  readonly repeated: number;
  /** Entries of the managed list under which the client sent a header. */
  readonly removedHeaders: readonly string[];
}

export type HeaderWalk = WalkedHeaders | { readonly kind: 'refused'; readonly reason: ReasonCode };

const none: readonly string[] = [];
const noValues: readonly undefined[] = Object.keys(SLOTS).map(() => undefined);
/** Bytes of `: ` and CRLF, which every header line costs too. */
const LINE_OVERHEAD = 4;

/** Walks alternating names and values as received (node:http `rawHeaders`). */
export function walkHeaders(
  rawHeaders: readonly string[],
  table: HeaderTable,
  limits: RequestLimits,
): HeaderWalk {
  if (rawHeaders.length > 2 * limits.headerCount) return refused('headers_too_large');
  const walk: Walk = { values: [...noValues], repeated: 0, bytes: 0, removed: undefined };
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const reason = visit(walk, rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '', table);
    if (reason !== undefined) return refused(reason);
  }
  if (walk.bytes > limits.headerBytes) return refused('headers_too_large');
  const { values, repeated, removed = none } = walk;
  return { kind: 'walked', values, repeated, removedHeaders: removed };
}

interface Walk {
  readonly values: (string | undefined)[];
  repeated: number;
  bytes: number;
  removed: string[] | undefined;
}

function visit(
  walk: Walk,
  name: string,
  value: string,
  table: HeaderTable,
): ReasonCode | undefined {
  walk.bytes += name.length + value.length + LINE_OVERHEAD;
  const { identity, managedEntry, slot } = table.traitsOf(name);
  if (identity === 'alias') return 'header_alias';
  if (identity === 'managed') (walk.removed ??= []).push(managedEntry);
  if (slot === NOT_READ) return undefined;
  const before = walk.values[slot];
  if (before === undefined) {
    walk.values[slot] = value;
  } else {
    walk.repeated |= 1 << slot;
    walk.values[slot] = before + (slot === SLOTS.cookie ? '; ' : ', ') + value;
  }
  return undefined;
}

/** The value of a header; undefined when the client did not send it. */
export function valueOf(walked: WalkedHeaders, name: ReadName): string | undefined {
  return walked.values[SLOTS[name]];
}

/** Whether the client sent the header in more than one line. */
export function isRepeated(walked: WalkedHeaders, name: ReadName): boolean {
  return (walked.repeated & (1 << SLOTS[name])) !== 0;
}

function refused(reason: ReasonCode): HeaderWalk {
  return { kind: 'refused', reason };
}
