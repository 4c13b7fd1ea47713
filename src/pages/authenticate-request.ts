// Owns who asks a page: the same answer as the doors get, from the same cookie and cache.
import type { SessionAuthentication, SessionAuthenticator } from '../identity/authentication.ts';
import type { RequestHead } from '../request/request-head.ts';

const anonymous: SessionAuthentication = { kind: 'absent', reason: 'sign_in_required' };

/** Pages judge the session cookie alone: a bearer token neither opens nor closes anything here. */
export function authenticateRequest(
  head: RequestHead,
  authenticator: SessionAuthenticator,
): SessionAuthentication | Promise<SessionAuthentication> {
  if (head.sessionCookie === undefined) return anonymous;
  return authenticator.authenticate(head.sessionCookie);
}
