// Owns who makes a request: whoever its bearer token or its session cookie stands for, or both when they agree.
import type { RequestHead } from '../request/request-head.ts';
import type {
  Authentication,
  SessionAuthentication,
  SessionAuthenticator,
  TokenAuthentication,
  TokenAuthenticator,
} from './authentication.ts';

type Credentials = Pick<RequestHead, 'authorization' | 'sessionCookie' | 'client'>;
type Asked = Authentication | Promise<Authentication>;

const anonymous: Authentication = { kind: 'absent', reason: 'sign_in_required' };
const conflict: Authentication = { kind: 'conflict', reason: 'conflicting_credentials' };

export interface RequestAuthenticatorParts {
  readonly sessions: SessionAuthenticator;
  readonly tokens: TokenAuthenticator;
}

/**
 * A token that is sent is judged first, and a bad one is never made up for by a cookie: whoever sends
 * it means it (Envoy's CVE-2021-21378 let the second credential count). Synchronous when both are
 * cached; never rejects.
 */
export class RequestAuthenticator {
  readonly #sessions: SessionAuthenticator;
  readonly #tokens: TokenAuthenticator;

  constructor({ sessions, tokens }: RequestAuthenticatorParts) {
    this.#sessions = sessions;
    this.#tokens = tokens;
  }

  /** A request: counts as use of the credential that answers it. */
  authenticate(head: Credentials): Asked {
    const { authorization, sessionCookie } = head;
    if (authorization.kind === 'bearer') {
      const { token } = authorization;
      return this.#beside(head, this.#tokens.authenticate(token, head.client.address));
    }
    if (sessionCookie === undefined) return anonymous;
    return this.#sessions.authenticate(sessionCookie);
  }

  /** The same question for a connection that is already open: does not count as use. */
  recheck(head: Credentials): Asked {
    const { authorization, sessionCookie } = head;
    if (authorization.kind === 'bearer')
      return this.#beside(head, this.#tokens.recheck(authorization.token));
    if (sessionCookie === undefined) return anonymous;
    return this.#sessions.recheck(sessionCookie);
  }

  #beside(
    { sessionCookie }: Credentials,
    found: TokenAuthentication | Promise<TokenAuthentication>,
  ): Asked {
    if (found instanceof Promise) return found.then((token) => this.#joined(token, sessionCookie));
    return this.#joined(found, sessionCookie);
  }

  /** The session beside a token is not used by it, only compared. */
  #joined(token: TokenAuthentication, sessionCookie: string | undefined): Asked {
    if (token.kind !== 'authenticated' || sessionCookie === undefined) return token;
    const session = this.#sessions.recheck(sessionCookie);
    if (session instanceof Promise) return session.then((found) => agreed(token, found));
    return agreed(token, session);
  }
}

/** A session that cannot be read could be anybody's. One that has ended is nobody's. */
function agreed(
  token: Extract<TokenAuthentication, { kind: 'authenticated' }>,
  session: SessionAuthentication,
): Authentication {
  switch (session.kind) {
    case 'absent':
      return token;
    case 'unavailable':
      return session;
    case 'authenticated': {
      const isSame = session.identity.principal.userId === token.identity.principal.userId;
      return isSame ? token : conflict;
    }
  }
}

/** The credentials of a request as one text, equal for equal credentials: for grouping, never to be kept. */
export function credentialsText({ authorization, sessionCookie }: Credentials): string {
  const token = authorization.kind === 'bearer' ? authorization.token : '';
  return `${sessionCookie ?? ''}\n${token}`;
}
