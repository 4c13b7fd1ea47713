// Owns that a page is shown in a window that no other page of the origin holds.
import type { Request, Response } from 'express';
import type { SignedIn } from '../identity/authentication.ts';
import { issueTicket, redeemTicket, ticketIn } from './action-ticket.ts';
import { redirect } from './answer.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';

/**
 * True when the request came by our own redirect, else answers with it. A redirect has no
 * `Cross-Origin-Opener-Policy` and the page behind it has `same-origin`, so whatever policy a page has
 * that opened the window, one of the two differs from it, and the browser cuts the two apart (HTML,
 * "cross-origin opener policies"). The page's policy alone would not do: a notebook is of our
 * origin and can have the same. The ticket keeps that notebook from coming here without the redirect.
 */
export async function isOwnWindow(
  context: PageContext,
  req: Request,
  res: Response,
  { credential }: SignedIn,
): Promise<boolean> {
  const head = headOf(req);
  const { path } = head.target;
  const { sessionHandle } = credential;
  if ((await redeemTicket(context, sessionHandle, 'look', ticketIn(head))) === path) return true;
  const fresh = issueTicket(context, sessionHandle, 'look', path);
  redirect(res, `${path}?ticket=${fresh}`);
  return false;
}
