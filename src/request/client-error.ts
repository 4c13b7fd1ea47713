// Owns the reason codes of what node:http refuses before a request reaches us.
import type { ReasonCode } from '../kernel/reasons.ts';

/** Codes of Node's parser (llhttp) and server: https://nodejs.org/api/http.html#event-clienterror */
const reasonOfCode: ReadonlyMap<string, ReasonCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'headers_too_large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request_timeout'],
]);

/** What the `clientError` event carries besides an Error's own fields. */
interface ParserError {
  readonly code?: unknown;
  /** The packet that was being parsed, and how many of its bytes were good. */
  readonly rawPacket?: unknown;
  readonly bytesParsed?: unknown;
}

/** The reason for an error of a server's `clientError` event. */
export function clientErrorReason(error: unknown): ReasonCode {
  if (typeof error !== 'object' || error === null) return 'malformed_request';
  const { code, rawPacket, bytesParsed }: ParserError = error;
  if (code === 'HPE_INVALID_URL') return urlReason(rawPacket, bytesParsed);
  const reason = typeof code === 'string' ? reasonOfCode.get(code) : undefined;
  return reason ?? 'malformed_request';
}

/** llhttp has one code for a target in no known form and for a byte that no target may hold. */
function urlReason(rawPacket: unknown, bytesParsed: unknown): ReasonCode {
  if (!(rawPacket instanceof Uint8Array) || typeof bytesParsed !== 'number') return 'target_form';
  const offender = rawPacket[bytesParsed] ?? 0x20;
  return offender < 0x20 || offender >= 0x7f ? 'target_control' : 'target_form';
}
