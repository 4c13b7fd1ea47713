// Owns the refusal of clients that ask too often.
import type { RequestHandler } from 'express';
import { sendReason } from './answer.ts';
import type { PageContext } from './page-dependencies.ts';
import { createRateLimit } from '../kernel/rate-limit.ts';
import { headOf } from './request-heads.ts';
import { ownPagePolicy } from './security-headers.ts';

/** One limit for all routes that share the returned handler. */
export function limitClients({ clock, login }: PageContext, perMinute: number): RequestHandler {
  const limit = createRateLimit(perMinute, clock);
  return (req, res, next) => {
    const waitSec = limit(headOf(req).client.address);
    if (waitSec === 0) next();
    else {
      const refusal = { reason: 'too_many_requests', retryAfterSec: waitSec } as const;
      sendReason(req, res, refusal, ownPagePolicy(login));
    }
  };
}
