// Owns the one place where a door turns anything but forwarding into bytes: redirect, page or
// problem document.
import { STATUS_CODES } from 'node:http';
import type { AccessDetail } from '../access/access-detail.ts';
import type { BearerError, Decided, Permit, Public } from '../decide.ts';
import type { Clock } from '../kernel/clock.ts';
import { reasons, type ReasonCode } from '../kernel/reasons.ts';
import type { ClientKind } from '../request/client-kind.ts';
import type { Exchange } from './exchange.ts';
import { closeGently } from './gentle-close.ts';

/** Every outcome that is not forwarded. */
export type Denial = Exclude<Decided, Permit | Public>;

type Challenge = Extract<Denial, { kind: 'challenge' }>;

/** What an answer has to tell. */
export interface RefusalView {
  readonly reason: ReasonCode;
  readonly requestId: string;
  /** Path and query where the person wanted to go. */
  readonly returnTo: string | undefined;
  readonly retryAfterSec: number | undefined;
  /** What was asked of RBAC, where that is why. */
  readonly access?: AccessDetail | undefined;
  /** Where a token was sent, and that is why. */
  readonly bearerError?: BearerError;
  /** The name that the token's scope lacks. */
  readonly missingScope?: string | undefined;
  /** As whom the caller is signed in, where that is known. */
  readonly userId?: string | undefined;
}

export interface StandIn {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How refusals look; the pages' templates, handed in. */
export interface StandIns {
  /** An HTML page that stands in for an application. */
  errorPage(view: RefusalView): StandIn;
  /** An HTML page for a frame, with a link that signs in at the top. */
  framePage(view: RefusalView): StandIn;
  /** A problem document (RFC 9457) with the stable `code`. */
  problem(view: RefusalView): StandIn;
  /** The path that starts a sign-in and returns to `returnTo`. */
  signInAddress(returnTo: string): string;
}

/** What some refusals have to tell besides their reason. */
interface Told {
  readonly retryAfterSec?: number;
  readonly access?: AccessDetail;
  readonly allow?: readonly string[];
  readonly bearerError?: BearerError;
  readonly missingScope?: string | undefined;
}

/** What an answer depends on: credentials, and what tells a person from a program. */
const VARY =
  'Cookie, Authorization, Origin, Accept, Sec-Fetch-Mode, Sec-Fetch-Dest, Sec-Fetch-Site, X-Requested-With';

export class Answers {
  readonly #standIns: StandIns;
  readonly #clock: Clock;
  /** Set while draining: every answer is the last of its connection. */
  isDraining = false;

  constructor(standIns: StandIns, clock: Clock) {
    this.#standIns = standIns;
    this.#clock = clock;
  }

  /** Answers a decision; `client` is who asks. Does nothing when an answer has begun. */
  deny(exchange: Exchange, denial: Denial, client: ClientKind): void {
    exchange.conclude(denial.kind, denial.reason);
    switch (denial.kind) {
      case 'challenge':
        this.#challenge(exchange, denial);
        break;
      case 'refuse':
        exchange.question = denial.access?.question;
        this.#refuse(exchange, denial.reason, client, denial);
        break;
      case 'provisioning':
      case 'unavailable':
        this.#refuse(exchange, denial.reason, client, denial);
        break;
    }
  }

  /** Answers a request that was permitted, or not even judged, and could not be served. */
  fail(exchange: Exchange, reason: ReasonCode, client: ClientKind): void {
    exchange.conclude('failed', reason);
    this.#refuse(exchange, reason, client, {});
  }

  #challenge(exchange: Exchange, { reason, client, bearerError }: Challenge): void {
    const view = viewOf(exchange, reason, bearerError === undefined ? {} : { bearerError });
    if (client === 'navigation') {
      const location = this.#standIns.signInAddress(exchange.head?.target.raw ?? '/');
      this.#send(exchange, 302, { headers: { Location: location }, body: '' });
      return;
    }
    const page = client === 'frame' ? this.#standIns.framePage(view) : this.#standIns.problem(view);
    this.#send(exchange, reasons[reason].status, page, challengeFor(bearerError));
  }

  #refuse(exchange: Exchange, reason: ReasonCode, client: ClientKind, told: Told): void {
    const view = viewOf(exchange, reason, told);
    const isForProgram = client === 'program' || told.bearerError !== undefined;
    const page = isForProgram ? this.#standIns.problem(view) : this.#standIns.errorPage(view);
    const { retryAfterSec, allow, bearerError, missingScope } = told;
    this.#send(exchange, reasons[reason].status, page, {
      ...(retryAfterSec === undefined ? {} : { 'Retry-After': String(retryAfterSec) }),
      ...(allow === undefined ? {} : { Allow: allow.join(', ') }),
      ...(bearerError === undefined ? {} : challengeFor(bearerError, missingScope)),
    });
  }

  #send(
    exchange: Exchange,
    status: number,
    page: StandIn,
    extra: Readonly<Record<string, string>> = {},
  ): void {
    if (!exchange.isOpen) return;
    const { req, res } = exchange;
    // The body of a refused request is not waited for: the connection ends with the answer.
    const isLast = this.isDraining || exchange.hasUnreadBody || !res.shouldKeepAlive;
    if (isLast) closeGently(req.socket, this.#clock);
    res.writeHead(status, {
      ...page.headers,
      ...extra,
      'Cache-Control': 'no-store',
      Vary: VARY,
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': exchange.requestId,
      'Content-Length': Buffer.byteLength(page.body),
      ...(isLast ? { Connection: 'close' } : {}),
    });
    res.end(page.body);
  }
}

/** RFC 6750 section 3: a token that was sent and not accepted is told so, and which scope would do. */
function challengeFor(
  error: BearerError | undefined,
  scope?: string,
): Readonly<Record<string, string>> {
  if (error === undefined) return { 'WWW-Authenticate': 'Bearer' };
  const needed = scope === undefined ? '' : `, scope="${scope}"`;
  return { 'WWW-Authenticate': `Bearer error="${error}"${needed}` };
}

function viewOf(exchange: Exchange, reason: ReasonCode, told: Told): RefusalView {
  const { head } = exchange;
  const isSafe = head?.method === 'GET' || head?.method === 'HEAD';
  return {
    reason,
    requestId: exchange.requestId,
    returnTo: isSafe ? head.target.raw : undefined,
    retryAfterSec: told.retryAfterSec,
    access: told.access,
    ...(told.bearerError === undefined ? {} : { bearerError: told.bearerError }),
    missingScope: told.missingScope,
    userId: exchange.identity?.principal.userId,
  };
}

/**
 * A whole answer for a connection on which `node:http` could not read a request: there is no
 * ServerResponse to write it with. A page of our origin can bring it about by more cookies than the
 * parser takes: neither a frame nor the window's opener may then read the address, which may hold a
 * code of the provider.
 */
export function bareAnswer(reason: ReasonCode): string {
  const { status, title } = reasons[reason];
  const body = JSON.stringify({ title, status, code: reason });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    'Cross-Origin-Opener-Policy: same-origin',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
