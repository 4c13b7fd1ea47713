// Owns the error codes of the OAuth endpoints.

/**
 * RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5. `temporarily_unavailable` is also told
 * where section 5.2 has no word for a dependency that failed, with status 503.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'temporarily_unavailable';

export interface OAuthRefusal {
  readonly kind: 'refused';
  readonly error: OAuthErrorCode;
  /** For the developer: printable ASCII without `"` and `\`, nothing that was sent. */
  readonly description: string;
}

/** `description` as OAuthRefusal has it. */
export function refusal(error: OAuthErrorCode, description: string): OAuthRefusal {
  return { kind: 'refused', error, description };
}
