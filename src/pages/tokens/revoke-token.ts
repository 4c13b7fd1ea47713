// Owns POST /oauth2/tokens/revoke: ends one of the person's tokens, by the ticket of its button.
import type { RequestHandler } from 'express';
import type { PersonalTokens } from '../../identity/personal-tokens/personal-tokens.ts';
import { redeemTicket } from '../action-ticket.ts';
import { redirect, sendReason } from '../answer.ts';
import { authenticateRequest } from '../authenticate-request.ts';
import { formOf } from '../form-body.ts';
import { TOKENS_PATH } from '../own-paths.ts';
import type { PageContext } from '../page-dependencies.ts';
import { headOf } from '../request-heads.ts';
import { ownPagePolicy } from '../security-headers.ts';

/** The cookie alone ends nothing. A token that has ended by itself in the meantime is no error. */
export function revokeToken(
  context: PageContext,
  tokens: Pick<PersonalTokens, 'revoke'>,
): RequestHandler {
  return async (req, res) => {
    const head = headOf(req);
    const policy = ownPagePolicy(context.login);
    const who = await authenticateRequest(head, context.authenticator);
    if (who.kind !== 'authenticated') {
      sendReason(req, res, { ...who, returnTo: TOKENS_PATH }, policy);
      return;
    }
    const { credential, principal } = who.identity;
    const ticket = formOf(req)?.get('ticket') ?? '';
    const handle = await redeemTicket(context, credential.sessionHandle, 'revoke', ticket);
    if (handle === undefined) {
      sendReason(req, res, { reason: 'action_expired', retryHref: TOKENS_PATH }, policy);
      return;
    }
    if (await tokens.revoke(credential.person, handle)) {
      const { userId } = principal;
      context.logger.info('Somebody revoked a token.', {
        user: userId,
        token: handle,
        requestId: head.id,
      });
    }
    redirect(res, TOKENS_PATH, 303);
  };
}
