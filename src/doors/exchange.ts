// Owns one request and its answer on their way through a door, and what the audit line will say.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MatchedRoute } from '../access/catalogue/matched-route.ts';
import { bindingText } from '../access/rbac/object-text.ts';
import type { Grant } from '../access/rbac/rbac-reader.ts';
import type { ShadowedRefusal } from '../decide.ts';
import type { Identity } from '../identity/authentication.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import type { RequestHead } from '../request/request-head.ts';
import type { AccessRecord, AuditOutcome, AuditRecord, DoorName } from './audit.ts';

/** Longer paths are cut in the audit line: a refused one may have any length. */
const AUDITED_PATH_LENGTH = 1024;

export interface ExchangeParts {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  /** Undefined when request hygiene refused the request. */
  readonly head: RequestHead | undefined;
  /** The client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
  /** Monotonic milliseconds. */
  readonly startedAtMs: number;
}

export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly head: RequestHead | undefined;
  readonly expectsContinue: boolean;
  readonly startedAtMs: number;
  readonly hasBody: boolean;
  door: DoorName = 'listener';
  outcome: AuditOutcome = 'failed';
  reason: ReasonCode | undefined = undefined;
  identity: Identity | undefined = undefined;
  upstreamId: string | undefined = undefined;
  route: MatchedRoute | undefined = undefined;
  question: string | undefined = undefined;
  grant: Grant | undefined = undefined;
  indexAgeMs: number | undefined = undefined;
  shadowed: ShadowedRefusal | undefined = undefined;

  constructor(parts: ExchangeParts) {
    this.req = parts.req;
    this.res = parts.res;
    this.requestId = parts.requestId;
    this.head = parts.head;
    this.expectsContinue = parts.expectsContinue;
    this.startedAtMs = parts.startedAtMs;
    this.hasBody = declaresBody(parts.req);
  }

  /** The last word is what is audited: a permit that fails later is told as the failure. */
  conclude(outcome: AuditOutcome, reason?: ReasonCode): void {
    this.outcome = outcome;
    this.reason = reason;
  }

  /** True while an answer can still be written. */
  get isOpen(): boolean {
    return !this.res.headersSent && !this.isGone;
  }

  /** True when the client's connection has ended. */
  get isGone(): boolean {
    return this.res.destroyed || this.req.socket.destroyed;
  }

  /** True while bytes of the request's body may still be on their way. */
  get hasUnreadBody(): boolean {
    return this.hasBody && !this.req.complete;
  }

  /** `status` where the answer did not go through `res`: 101. */
  record(nowMs: number, status = this.res.headersSent ? this.res.statusCode : 0): AuditRecord {
    const path = this.head?.target.path ?? pathOf(this.req.url ?? '');
    return {
      door: this.door,
      outcome: this.outcome,
      reason: this.reason,
      requestId: this.requestId,
      method: this.req.method,
      path: path?.slice(0, AUDITED_PATH_LENGTH),
      clientAddress: this.head?.client.address,
      status,
      userId: this.identity?.principal.userId,
      credential: this.identity && credentialName(this.identity.credential),
      durationMs: nowMs - this.startedAtMs,
      upstreamId: this.upstreamId,
      ...this.#access(),
    };
  }

  /** What the catalogue and RBAC had to say. */
  #access(): AccessRecord {
    return {
      routeId: this.route?.id,
      namespace: this.route?.namespace,
      question: this.question ?? this.shadowed?.access?.question,
      binding: this.grant?.binding && bindingText(this.grant.binding),
      indexAgeMs: this.indexAgeMs,
      shadowedReason: this.shadowed?.reason,
    };
  }
}

/** What proved the identity, by a name that is worthless as a credential. */
function credentialName(credential: Identity['credential']): string {
  return credential.kind === 'session'
    ? `session ${credential.sessionHandle}`
    : `token ${credential.tokenHandle}`;
}

/** Of a refused target; undefined for other forms, which can hold a password (`http://user:password@…`). */
function pathOf(target: string): string | undefined {
  return target.startsWith('/') ? target.split(/[?#]/, 1)[0] : undefined;
}

/** Tells log and metrics of a decision; `status` where the answer did not go through `res`. */
export type Tell = (exchange: Exchange, status?: number) => void;

/** A body is announced by its framing alone (RFC 9112 section 6). */
function declaresBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
