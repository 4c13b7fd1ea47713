// Owns GET and POST /oauth2/sign_out and /logout: ends the session here and at the provider.
import type { Request, RequestHandler, Response } from 'express';
import { StoreUnavailable } from '../identity/session/record-store.ts';
import type { ProviderTokens } from '../identity/login/completed-login.ts';
import { readReturnAddress } from '../identity/login/return-address.ts';
import { readQueryParameter } from '../request/query-parameter.ts';
import type { RequestHead } from '../request/request-head.ts';
import { redirect, sendPage, sendReason } from './answer.ts';
import { authenticateRequest } from './authenticate-request.ts';
import { callerKind } from './caller-kind.ts';
import { isFromOwnOrigin } from './own-origin.ts';
import { SIGN_OUT_PATH, startAddress } from './own-paths.ts';
import type { PageContext } from './page-dependencies.ts';
import type { PageView } from './page-template.ts';
import { headOf } from './request-heads.ts';
import { ownPagePolicy } from './security-headers.ts';

/** A store that fails keeps the cookie: who cannot be signed out everywhere stays signed in. */
export function signOut(context: PageContext): RequestHandler {
  return async (req, res) => {
    const head = headOf(req);
    const policy = ownPagePolicy(context.login);
    const who = await authenticateRequest(head, context.authenticator);
    if (who.kind === 'unavailable') {
      sendReason(req, res, who, policy);
    } else if (who.kind !== 'authenticated') {
      if (head.sessionCookie !== undefined) context.browserSessions.clearCookie(res);
      sendPage(res, 200, signedOutView, policy);
    } else if (!mayEndSession(head, context.options.publicOrigins)) {
      sendPage(res, head.method === 'POST' ? 403 : 200, askView(rdOf(head)), policy);
    } else {
      await endSession(context, req, res);
    }
  };
}

/**
 * Other sites can make a browser send either method, and SameSite=Lax lets a GET navigation carry the
 * cookie; Kubeflow's dashboard signs out by such a navigation, so it has to come from our origin.
 */
function mayEndSession(head: RequestHead, publicOrigins: readonly string[]): boolean {
  const isNavigation = head.method === 'GET' && callerKind(head) === 'navigation';
  return (head.method === 'POST' || isNavigation) && isFromOwnOrigin(head, publicOrigins);
}

async function endSession(context: PageContext, req: Request, res: Response): Promise<void> {
  const { browserSessions, login, logger } = context;
  const head = headOf(req);
  const policy = ownPagePolicy(login);
  let tokens: ProviderTokens | undefined;
  try {
    tokens = await browserSessions.end(req, res);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    logger.warn('A sign-out failed.', { reason: 'session_store_unavailable', requestId: head.id });
    sendReason(req, res, { reason: 'session_store_unavailable', retryAfterSec: 5 }, policy);
    return;
  }
  logger.info('Somebody signed out.', { requestId: head.id });
  const next = (tokens && login.signOutAddress(tokens)) ?? rdOf(head);
  if (next === undefined) sendPage(res, 200, signedOutView, policy);
  else redirect(res, next, head.method === 'POST' ? 303 : 302);
}

/** Signing out never fails for a bad `rd`; it only does not go there. */
function rdOf(head: RequestHead): string | undefined {
  const rd = readQueryParameter(head.target, 'rd');
  if (rd.kind !== 'value') return undefined;
  const returnTo = readReturnAddress(rd.value);
  return returnTo.kind === 'path' ? returnTo.path : undefined;
}

const signedOutView: PageView = {
  title: 'You are signed out',
  text: ['Your session on this site has ended.'],
  action: { label: 'Sign in again', href: startAddress('/'), kind: 'link' },
};

function askView(returnTo: string | undefined): PageView {
  const query = returnTo === undefined ? '' : `?rd=${encodeURIComponent(returnTo)}`;
  return {
    title: 'Do you want to sign out?',
    text: ['The request did not come from a page of this site, so nothing has been done yet.'],
    action: { label: 'Sign out', href: `${SIGN_OUT_PATH}${query}`, kind: 'post' },
  };
}
