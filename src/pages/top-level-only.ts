// Owns the refusal of everything but navigations of a whole window: scripts and frames of the same
// origin, such as those of notebooks, must not reach pages that act for the person.
import type { Request, RequestHandler } from 'express';
import type { ReasonCode } from '../kernel/reasons.ts';
import { sendReason } from './answer.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';
import { ownPagePolicy } from './security-headers.ts';

/**
 * Why a request is none by which a browser shows a page in a window of its own; undefined when it is
 * one. Scripts can neither set nor change `Sec-Fetch-*` (W3C Fetch Metadata), which browsers send to
 * trustworthy addresses only: https, and loopback. `Sec-Purpose` marks what a page has the browser
 * load ahead of a navigation that may never come.
 */
export function notTopLevel(req: Request): ReasonCode | undefined {
  const { fetchMode, fetchDest } = headOf(req).hints;
  if (fetchMode === undefined || fetchDest === undefined) return 'https_required';
  const isAhead = req.headers['sec-purpose'] !== undefined;
  const isNavigation = fetchMode === 'navigate' && fetchDest === 'document' && !isAhead;
  return isNavigation ? undefined : 'top_level_only';
}

/** Goes before every handler of a page that acts for the person or shows what is theirs alone. */
export function onlyTopLevel({ login }: Pick<PageContext, 'login'>): RequestHandler {
  return (req, res, next) => {
    const reason = notTopLevel(req);
    if (reason === undefined) next();
    else sendReason(req, res, { reason }, ownPagePolicy(login));
  };
}
