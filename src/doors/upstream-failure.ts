// Owns the table from what goes wrong towards an application to reason codes, and when a request
// may be sent a second time.
import type { IncomingMessage } from 'node:http';
import type { ReasonCode } from '../kernel/reasons.ts';

export type UpstreamReason = Extract<
  ReasonCode,
  'upstream_unreachable' | 'upstream_protocol' | 'upstream_timeout'
>;

/** A failure with a code of ours or of Node (https://nodejs.org/api/errors.html). */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly reason: UpstreamReason;

  constructor(reason: UpstreamReason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * 504 for time-outs, 502 for the rest: bytes that are not HTTP (llhttp's `HPE_…`) or cannot be
 * passed on are the application's protocol error, everything else means it was not reached.
 */
export function upstreamReason(error: unknown): UpstreamReason {
  if (error instanceof UpstreamFailure) return error.reason;
  const code = errorCode(error);
  if (code === 'ETIMEDOUT' || code === 'ESOCKETTIMEDOUT') return 'upstream_timeout';
  return /^(?:HPE_|ERR_HTTP_|ERR_INVALID_)/.test(code)
    ? 'upstream_protocol'
    : 'upstream_unreachable';
}

/**
 * False for a 101 without Upgrade, which node:http takes for an answer like any other: a proxy in
 * front may take it for an interim one and wait for another (RFC 9110 section 15.2).
 */
export function isFinal({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200;
}

/** True when the error means that the connection was cut, not that the application answered badly. */
export function isConnectionCut(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE';
}

const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** RFC 9110 section 9.2.2: may be repeated without being asked for twice. */
export function isIdempotent(method: string): boolean {
  return idempotent.has(method);
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
