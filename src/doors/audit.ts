// Owns the record of one decision, as the audit line tells it.
import { reasons, type ReasonCode } from '../kernel/reasons.ts';

/** What became of a request. `page` is the gateway's own; `failed` was permitted, then went wrong. */
export type AuditOutcome =
  | 'permit'
  | 'public'
  | 'challenge'
  | 'refuse'
  | 'unavailable'
  | 'failed'
  | 'page'
  /** A live connection that lost its permit. */
  | 'withdrawn';

export type DoorName = 'inline' | 'websocket' | 'pages' | 'listener';

export interface AuditRecord {
  readonly door: DoorName;
  readonly outcome: AuditOutcome;
  /** Why, for every outcome that is not `permit`, `public` or `page`. */
  readonly reason: ReasonCode | undefined;
  /** Undefined when the request was too malformed to have one. */
  readonly requestId: string | undefined;
  readonly method: string | undefined;
  /** The path without its query, which may hold what must not be logged. */
  readonly path: string | undefined;
  readonly clientAddress: string | undefined;
  /** The status that the client was sent; 0 when the connection ended before one. */
  readonly status: number;
  readonly userId: string | undefined;
  /** Milliseconds from the request's headers to the end of the answer. */
  readonly durationMs: number;
  readonly upstreamId: string | undefined;
}

/** Takes a record after its answer has left. Must not throw, must not wait. */
export type Audit = (record: AuditRecord) => void;

/** The record of bytes that `node:http` refused before there was a request. */
export function unreadRequestRecord(
  reason: ReasonCode,
  clientAddress: string | undefined,
): AuditRecord {
  return {
    door: 'listener',
    outcome: 'refuse',
    reason,
    requestId: undefined,
    method: undefined,
    path: undefined,
    clientAddress,
    status: reasons[reason].status,
    userId: undefined,
    durationMs: 0,
    upstreamId: undefined,
  };
}
