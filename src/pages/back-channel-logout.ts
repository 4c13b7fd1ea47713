// Owns POST /oauth2/backchannel-logout: the provider ends sessions, server to server
// (OpenID Connect Back-Channel Logout 1.0).
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { SECOND_MS } from '../kernel/duration.ts';
import { sendJson } from './answer.ts';
import { bodyDeadline, isBodyError } from './form-body.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
const BODY_DEADLINE_MS = 10 * SECOND_MS;
const RETRY_SEC = 5;

/** Reads the form: capped in size and time, and never decompressed. */
export function logoutForm({ clock }: PageContext): RequestHandler[] {
  const parse = express.urlencoded({ extended: false, limit: BODY_LIMIT_BYTES, inflate: false });
  return [bodyDeadline(clock, BODY_DEADLINE_MS), parse];
}

/**
 * Answers as section 2.8 asks, 200 or 400 and never cached; and 503 with Retry-After, which it does
 * not name, where the message could not be judged: 400 would tell the provider never to try again.
 */
export function backChannelLogout({ login, sessions, logger }: PageContext): RequestHandler {
  return async (req, res) => {
    const requestId = headOf(req).id;
    const token = logoutTokenOf(req.body);
    const outcome = token === undefined ? undefined : await login.verifyLogoutToken(token);
    if (outcome?.kind === 'unavailable') {
      res.set('Retry-After', String(RETRY_SEC));
      sendJson(res, 503, { error: 'temporarily_unavailable' });
      return;
    }
    if (outcome?.kind !== 'verified') {
      logger.info('A logout message was refused.', { requestId });
      sendJson(res, 400, invalidRequest);
      return;
    }
    if (await sessions.isRemembered(outcome.jti)) {
      logger.warn('A logout message was replayed.', { requestId });
      sendJson(res, 400, invalidRequest);
      return;
    }
    const ended = await sessions.endSelected(outcome.selector, 'signed_out_at_provider');
    // Only now: a message that the store made fail is no replay when the provider sends it again.
    await sessions.remember(outcome.jti, outcome.expiresAtMs);
    logger.info('Somebody was signed out by the provider.', { requestId, ended });
    res.status(200).end();
  };
}

/** A body that is too large, compressed or not a form is an invalid request like any other. */
export const refuseLogoutForm: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (isBodyError(error) && !res.headersSent) sendJson(res, 400, invalidRequest);
  else next(error);
};

const invalidRequest = { error: 'invalid_request' };

function logoutTokenOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('logout_token' in body)) return undefined;
  return typeof body.logout_token === 'string' ? body.logout_token : undefined;
}
