// Owns what follows a fresh sign-in that was made for an action: the page where it is carried out.
import type { Request, RequestHandler, Response } from 'express';
import type { SignedIn } from '../identity/authentication.ts';
import { issueTicket, redeemTicket, ticketIn } from './action-ticket.ts';
import { redirect, sendReason } from './answer.ts';
import { authenticateRequest } from './authenticate-request.ts';
import { showConsent } from './oauth/consent.ts';
import { ACTION_PATH, TOKENS_PATH } from './own-paths.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';
import { ownPagePolicy } from './security-headers.ts';
import { parseSignInAction, type SignInAction } from './sign-in-action.ts';
import { showNewToken } from './tokens/new-token.ts';

/**
 * The callback's answer to whoever signed in for `action`. A redirect, whose answer has no
 * `Cross-Origin-Opener-Policy`, to a page that has one: whatever page opened this window, of our own
 * origin and with any policy, loses it on the way (HTML, "cross-origin opener policies").
 */
export function goOnToAction(
  context: PageContext,
  res: Response,
  sessionHandle: string,
  action: string,
): void {
  const ticket = issueTicket(context, sessionHandle, 'carry-out', action);
  redirect(res, `${ACTION_PATH}?ticket=${ticket}`, 303);
}

/** GET /oauth2/action: what the ticket holds is carried out, or asked about, for the session that it was made in. */
export function carryOutAction(context: PageContext): RequestHandler {
  return async (req, res) => {
    const head = headOf(req);
    const policy = ownPagePolicy(context.login);
    const who = await authenticateRequest(head, context.authenticator);
    if (who.kind !== 'authenticated') {
      sendReason(req, res, who, policy);
      return;
    }
    const { sessionHandle } = who.identity.credential;
    const text = await redeemTicket(context, sessionHandle, 'carry-out', ticketIn(head));
    const action = text === undefined ? undefined : parseSignInAction(text);
    if (action === undefined)
      sendReason(req, res, { reason: 'action_expired', retryHref: TOKENS_PATH }, policy);
    else await dispatch(context, req, res, { signedIn: who.identity, action });
  };
}

function dispatch(
  context: PageContext,
  req: Request,
  res: Response,
  { signedIn, action }: { readonly signedIn: SignedIn; readonly action: SignInAction },
): Promise<void> {
  return action.kind === 'create-token'
    ? showNewToken(context, req, res, signedIn, action)
    : showConsent(context, req, res, signedIn, action);
}
