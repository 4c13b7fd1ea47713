// Owns what is answered when a page fails: never the message of the failure.
import type { ErrorRequestHandler } from 'express';
import { StoreUnavailable } from '../identity/session/record-store.ts';
import { errorText } from '../kernel/logger.ts';
import { sendReason } from './answer.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';
import { ownPagePolicy } from './security-headers.ts';

type FaultContext = Pick<PageContext, 'login' | 'logger'>;

export function answerFault({ login, logger }: FaultContext): ErrorRequestHandler {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
  return (error: unknown, req, res, _next) => {
    const policy = ownPagePolicy(login);
    if (error instanceof StoreUnavailable && !res.headersSent) {
      sendReason(req, res, { reason: 'session_store_unavailable', retryAfterSec: 5 }, policy);
      return;
    }
    logger.error('A page failed.', { error: errorText(error), requestId: headOf(req).id });
    // An answer that has begun cannot become another one: the client must see that it broke off.
    if (res.headersSent) res.destroy();
    else sendReason(req, res, { reason: 'internal_error' }, policy);
  };
}
