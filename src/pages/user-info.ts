// Owns GET /oauth2/userinfo: who the session's person is, for scripts and front ends.
import type { RequestHandler } from 'express';
import type { KnownNamespaces } from '../access/namespaces-of.ts';
import { sendJson, sendProblem } from './answer.ts';
import { authenticateRequest } from './authenticate-request.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';

/**
 * Always JSON, never a redirect, never a token. `user` is what applications see. `namespaces` is null
 * while nobody can say, and then `namespaces_known` is false: who has none has an empty list.
 */
export function userInfo({ authenticator, namespacesOf }: PageContext): RequestHandler {
  return async (req, res) => {
    const who = await authenticateRequest(headOf(req), authenticator);
    if (who.kind !== 'authenticated') {
      sendProblem(req, res, who);
      return;
    }
    const { principal, email } = who.identity;
    sendJson(res, 200, {
      user: principal.userId,
      ...(email === undefined ? {} : { email }),
      groups: principal.groups,
      ...namespaceMembers(await namespacesOf(principal)),
    });
  };
}

function namespaceMembers(known: KnownNamespaces): Readonly<Record<string, unknown>> {
  if (known.kind === 'unknown') return { namespaces: null, namespaces_known: false };
  return {
    namespaces: known.namespaces,
    namespaces_known: true,
    namespaces_truncated: known.isTruncated,
  };
}
