// Owns GET /oauth2/userinfo: who the session's or token's person is, for scripts and front ends.
import type { RequestHandler } from 'express';
import type { KnownNamespaces } from '../access/namespaces-of.ts';
import { formatTokenScope, type TokenScope } from '../identity/bearer/token-scope.ts';
import { sendJson, sendProblem } from './answer.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';

/**
 * Always JSON, never a redirect, never a token. `user` is what applications see. `namespaces` is null
 * while nobody can say, and then `namespaces_known` is false: who has none has an empty list. For a
 * token that is limited, `scope` says to what, and namespaces beyond it are left out.
 */
export function userInfo({ requestAuthenticator, namespacesOf }: PageContext): RequestHandler {
  return async (req, res) => {
    const asked = await requestAuthenticator.authenticate(headOf(req));
    if (asked.kind !== 'authenticated') {
      const told = asked.kind === 'rejected' ? ({ bearerError: 'invalid_token' } as const) : {};
      sendProblem(req, res, { ...asked, ...told });
      return;
    }
    const { principal, email, credential } = asked.identity;
    const scope = credential.kind === 'token' ? credential.scope : undefined;
    sendJson(res, 200, {
      user: principal.userId,
      ...(email === undefined ? {} : { email }),
      groups: principal.groups,
      ...namespaceMembers(await namespacesOf(principal), scope),
      ...(scope === undefined ? {} : { scope: formatTokenScope(scope) }),
    });
  };
}

function namespaceMembers(
  known: KnownNamespaces,
  scope: TokenScope | undefined,
): Readonly<Record<string, unknown>> {
  if (known.kind === 'unknown') return { namespaces: null, namespaces_known: false };
  return {
    namespaces: known.namespaces.filter(
      ({ namespace }) => scope?.namespaces?.has(namespace) !== false,
    ),
    namespaces_known: true,
    namespaces_truncated: known.isTruncated,
  };
}
