// Owns what a failed exchange with the provider means: it could not be asked, it refused, or its
// answer cannot be used.
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';
import { errorText } from '../../kernel/logger.ts';
import { ProviderUnreachable } from './bounded-fetch.ts';

export type ProviderFault =
  /** Says nothing about the person: nobody is granted or logged out for it. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** An OAuth error (RFC 6749 sections 4.1.2.1 and 5.2), or a 4xx without one. */
  | {
      readonly kind: 'refused';
      /** Undefined when the browser brought the error. */
      readonly status: number | undefined;
      readonly error: string;
      /** It is about the gateway as a client, and not about the person. */
      readonly isOurs: boolean;
      readonly detail: string;
    }
  /** An answer that fails a check. */
  | { readonly kind: 'unusable'; readonly detail: string };

/** RFC 6749 section 5.2. */
const OUR_ERRORS = new Set(['invalid_client', 'unauthorized_client']);

/** `detail` is fit for logs: no code, token or state is in it. */
export function providerFault(thrown: unknown): ProviderFault {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const unreachable = [thrown, cause].find((error) => error instanceof ProviderUnreachable);
  if (unreachable !== undefined) return { kind: 'unreachable', detail: errorText(unreachable) };
  if (thrown instanceof AuthorizationResponseError) return refused(undefined, thrown.error);
  if (thrown instanceof ResponseBodyError) return refused(thrown.status, thrown.error);
  // openid-client hands on the answer that it could not read as an OAuth error.
  if (cause instanceof Response && cause.status >= 400) return refused(cause.status, '');
  const why = cause instanceof Error ? ` (${errorText(cause)})` : '';
  return { kind: 'unusable', detail: errorText(thrown) + why };
}

function refused(status: number | undefined, text: string): ProviderFault {
  const error = errorCode(text);
  return {
    kind: 'refused',
    status,
    error,
    isOurs: OUR_ERRORS.has(error),
    detail: `${error}, status ${status ?? 'of a redirect'}`,
  };
}

/** The characters of RFC 6749 section 4.1.2.1, and not many: the provider's callers can make it up. */
function errorCode(text: string): string {
  return /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(text) ? text : 'no error code';
}
