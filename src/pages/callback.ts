// Owns GET /oauth2/callback: turns the provider's answer into a session, or says why not.
import type { Request, RequestHandler, Response } from 'express';
import type { SessionAuthentication } from '../identity/authentication.ts';
import type { CompleteLogin } from '../identity/login/login-flow.ts';
import { StoreUnavailable } from '../identity/session/record-store.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import { redirect, sendReason, type Refusal } from './answer.ts';
import { authenticateRequest } from './authenticate-request.ts';
import { goOnToAction } from './carry-out-action.ts';
import { startAddress } from './own-paths.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';
import { callbackPolicy } from './security-headers.ts';
import { notTopLevel } from './top-level-only.ts';

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
    if (outcome.kind === 'completed') await finish(context, req, res, outcome);
    else await explain(context, req, res, outcome);
  };
}

/**
 * What was signed in for is begun only in a window of its own: a script that sends the provider's
 * answer itself gets nothing for it, not even a session.
 */
async function finish(
  context: PageContext,
  req: Request,
  res: Response,
  completed: Completed,
): Promise<void> {
  const { action, returnTo } = completed;
  const refusal = action === undefined ? undefined : notTopLevel(req);
  if (refusal !== undefined) {
    answerRefusal(context, req, res, { reason: refusal });
    return;
  }
  const who = await establish(context, req, res, completed);
  if (who === undefined) return;
  if (action === undefined) redirect(res, returnTo);
  else if (who.kind !== 'authenticated') sendReason(req, res, who, callbackPolicy(context.login));
  else goOnToAction(context, res, who.identity.credential.sessionHandle, action);
}

/**
 * A new session under a new id, whoever this browser was before: as the authenticator sees it, which
 * has then also put it into this replica's cache. Undefined when it could not be kept, and that was answered.
 */
async function establish(
  context: PageContext,
  req: Request,
  res: Response,
  completed: Completed,
): Promise<SessionAuthentication | undefined> {
  const { authenticator, browserSessions, logger, metrics } = context;
  let sessionCookie: string;
  try {
    sessionCookie = await browserSessions.establish(req, res, completed.login);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    const reason = 'session_store_unavailable';
    const retry = retryLater(completed.returnTo, STORE_RETRY_SEC);
    answerRefusal(context, req, res, { reason, ...retry });
    return undefined;
  }
  const who = await authenticator.authenticate(sessionCookie);
  metrics.increment('kfgw_logins_total', { result: 'success' });
  logger.info('Somebody signed in.', {
    user: completed.login.claims.principal.userId,
    session: who.kind === 'authenticated' ? who.identity.credential.sessionHandle : undefined,
    requestId: headOf(req).id,
  });
  return who;
}

function answerRefusal(
  { login, logger, metrics }: PageContext,
  req: Request,
  res: Response,
  refusal: Refusal,
): void {
  const { reason } = refusal;
  metrics.increment('kfgw_logins_total', { result: reason });
  const level = reason === 'session_store_unavailable' ? 'warn' : 'info';
  logger[level]('A sign-in was refused.', { reason, requestId: headOf(req).id });
  sendReason(req, res, refusal, callbackPolicy(login));
}

function retryLater(returnTo: string, retryAfterSec: number) {
  return { retryAfterSec, retryHref: startAddress(returnTo) };
}

/** Who is signed in all the same loses nothing by an answer that came too late. */
async function explain(
  context: PageContext,
  req: Request,
  res: Response,
  outcome: NotCompleted,
): Promise<void> {
  if (outcome.kind === 'unavailable' || lateAnswers.has(outcome.reason)) {
    const who = await authenticateRequest(headOf(req), context.authenticator);
    if (who.kind === 'authenticated') {
      redirect(res, outcome.returnTo ?? '/');
      return;
    }
  }
  const { returnTo } = outcome;
  const refusal: Refusal =
    outcome.kind === 'refused'
      ? { reason: outcome.reason, returnTo }
      : {
          reason: 'provider_unavailable',
          ...retryLater(outcome.returnTo, outcome.retryAfterSec),
        };
  answerRefusal(context, req, res, refusal);
}
