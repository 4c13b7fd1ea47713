// Owns the record of one decision, as the audit line tells it.
import { reasons, type ReasonCode } from '../kernel/reasons.ts';

/** What became of a request. `page` is the gateway's own; `failed` was permitted, then went wrong. */
export type AuditOutcome =
  | 'permit'
  | 'public'
  | 'challenge'
  | 'refuse'
  | 'provisioning'
  | 'unavailable'
  | 'failed'
  | 'page'
  /** A live connection that lost its permit. */
  | 'withdrawn';

export type DoorName = 'inline' | 'websocket' | 'check' | 'pages' | 'listener';

/** What the catalogue and RBAC had to say of a request. */
export interface AccessRecord {
  /** The catalogue's row; undefined for what never got to it. */
  readonly routeId: string | undefined;
  /** The namespace that the request names. */
  readonly namespace: string | undefined;
  /** What was asked of RBAC and refused, in Kubernetes' words. */
  readonly question: string | undefined;
  /** The binding that allowed it, as `RoleBinding team-a/namespaceAdmin`. */
  readonly binding: string | undefined;
  /** Milliseconds since the index was last proved fresh, when something was asked of it. */
  readonly indexAgeMs: number | undefined;
  /** What would have been refused, had access.mode been enforce. */
  readonly shadowedReason: ReasonCode | undefined;
}

export interface AuditRecord extends AccessRecord {
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
  /** What proved who it is, as `session HANDLE` or `token HANDLE`: names, not secrets. */
  readonly credential: string | undefined;
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
    credential: undefined,
    durationMs: 0,
    upstreamId: undefined,
    routeId: undefined,
    namespace: undefined,
    question: undefined,
    binding: undefined,
    indexAgeMs: undefined,
    shadowedReason: undefined,
  };
}
