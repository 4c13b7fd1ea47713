// Owns the reason codes of what node:http refuses before a request reaches us.
import type { ReasonCode } from '../kernel/reasons.ts';

/** Codes of Node's parser (llhttp) and server: https://nodejs.org/api/http.html#event-clienterror */
const reasonOfCode: ReadonlyMap<string, ReasonCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'headers_too_large'],
  ['HPE_INVALID_URL', 'target_form'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request_timeout'],
]);

/** The reason for an error of a server's `clientError` event. */
export function clientErrorReason(error: unknown): ReasonCode {
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const reason = typeof code === 'string' ? reasonOfCode.get(code) : undefined;
  return reason ?? 'malformed_request';
}
