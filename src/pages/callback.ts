// Owns GET /oauth2/callback: turns the provider's answer into a session, or says why not.
import type { Request, RequestHandler, Response } from 'express';
import type { SessionAuthenticator } from '../identity/authentication.ts';
import type { CompleteLogin } from '../identity/login/login-flow.ts';
import { StoreUnavailable } from '../identity/session/record-store.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import { redirect, sendReason } from './answer.ts';
import { authenticateRequest } from './authenticate-request.ts';
import { startAddress } from './own-paths.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';
import { ownPagePolicy } from './security-headers.ts';

/** Seconds after which a store that failed is worth asking again. */
const STORE_RETRY_SEC = 5;

type Completed = Extract<CompleteLogin, { kind: 'completed' }>;
type NotCompleted = Exclude<CompleteLogin, Completed>;

/** Refusals of an answer that is only late, repeated or from another tab. */
const lateAnswers: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'login_attempt_missing',
  'login_state_mismatch',
]);

export function finishSignIn(context: PageContext): RequestHandler {
  return async (req, res) => {
    const outcome = await context.login.complete(
      headOf(req).target.query ?? '',
      req.headers.cookie,
    );
    if (outcome.kind !== 'unavailable') res.append('Set-Cookie', [...outcome.setCookies]);
    if (outcome.kind === 'completed') await establish(context, req, res, outcome);
    else await explain(context, req, res, outcome);
  };
}

/** A new session under a new id, whoever this browser was before. */
async function establish(
  { authenticator, browserSessions, login, logger, metrics }: PageContext,
  req: Request,
  res: Response,
  completed: Completed,
): Promise<void> {
  const { id } = headOf(req);
  let sessionCookie: string;
  try {
    sessionCookie = await browserSessions.establish(req, res, completed.login);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    const reason = 'session_store_unavailable';
    metrics.increment('kfgw_logins_total', { result: reason });
    logger.warn('A sign-in failed.', { reason, requestId: id });
    const retryHref = startAddress(completed.returnTo);
    const policy = ownPagePolicy(login);
    sendReason(req, res, { reason, retryAfterSec: STORE_RETRY_SEC, retryHref }, policy);
    return;
  }
  metrics.increment('kfgw_logins_total', { result: 'success' });
  logger.info('Somebody signed in.', {
    user: completed.login.claims.principal.userId,
    session: await handleOf(authenticator, sessionCookie),
    requestId: id,
  });
  redirect(res, completed.returnTo);
}

/** The session's public name; asking for it also puts the session into this replica's cache. */
async function handleOf(
  authenticator: SessionAuthenticator,
  sessionCookie: string,
): Promise<string | undefined> {
  const who = await authenticator.authenticate(sessionCookie);
  return who.kind === 'authenticated' ? who.identity.credential.sessionHandle : undefined;
}

/** Who is signed in all the same loses nothing by an answer that came too late. */
async function explain(
  { authenticator, login, logger, metrics }: PageContext,
  req: Request,
  res: Response,
  outcome: NotCompleted,
): Promise<void> {
  const head = headOf(req);
  if (outcome.kind === 'unavailable' || lateAnswers.has(outcome.reason)) {
    const who = await authenticateRequest(head, authenticator);
    if (who.kind === 'authenticated') {
      redirect(res, outcome.returnTo ?? '/');
      return;
    }
  }
  const reason = outcome.kind === 'refused' ? outcome.reason : 'provider_unavailable';
  metrics.increment('kfgw_logins_total', { result: reason });
  logger.info('A sign-in was refused.', { reason, requestId: head.id });
  const { returnTo } = outcome;
  const retry =
    outcome.kind === 'unavailable'
      ? { retryAfterSec: outcome.retryAfterSec, retryHref: startAddress(outcome.returnTo) }
      : {};
  sendReason(req, res, { reason, returnTo, ...retry }, ownPagePolicy(login));
}
