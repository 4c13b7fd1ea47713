// Owns GET /oauth2/authorize: a command line sends the person here (RFC 6749 section 4.1.1).
import type { RequestHandler } from 'express';
import { readAuthorizationRequest } from '../../identity/oauth/authorization-request.ts';
import type { PersonalTokens } from '../../identity/personal-tokens/personal-tokens.ts';
import { sendReason } from '../answer.ts';
import { beginActionSignIn } from '../begin-action.ts';
import type { PageContext } from '../page-dependencies.ts';
import { headOf } from '../request-heads.ts';
import { ownPagePolicy } from '../security-headers.ts';
import { goBackToProgram } from './program-redirect.ts';

/** Whoever is signed in signs in anew: their cookie alone lets no program act for them. */
export function authorize(context: PageContext, tokens: PersonalTokens): RequestHandler {
  return async (req, res) => {
    const query = headOf(req).target.query ?? '';
    const read = readAuthorizationRequest(query, tokens.maxLifetimeMs);
    if (read.kind === 'foreign') {
      const reason = 'authorization_request_refused';
      sendReason(req, res, { reason }, ownPagePolicy(context.login));
    } else if (read.kind === 'refused') {
      const { error, description } = read.refusal;
      goBackToProgram(context, req, res, read.to, { error, error_description: description });
    } else {
      await beginActionSignIn(context, req, res, { kind: 'authorize', ...read.request });
    }
  };
}
