// Owns how the pages write an answer: a page, JSON, a redirect, or a reason in the caller's form.
import type { Request, Response } from 'express';
import { reasons } from '../kernel/reasons.ts';
import { callerKind } from './caller-kind.ts';
import { errorPageView, framePageView, problemDocument, type ErrorView } from './error-view.ts';
import { renderPage, type PageView } from './page-template.ts';
import { headOf } from './request-heads.ts';
import { OPENER_POLICY, pageHeaders, type PagePolicy } from './security-headers.ts';

export type Refusal = Omit<ErrorView, 'requestId'>;

export function sendPage(res: Response, status: number, view: PageView, policy: PagePolicy): void {
  res.status(status).set(pageHeaders(policy)).send(renderPage(view));
}

export function sendJson(
  res: Response,
  status: number,
  body: Readonly<Record<string, unknown>>,
  contentType = 'application/json',
): void {
  sendBytes(res.status(status), contentType, JSON.stringify(body));
}

/** As bytes and not by Express's `set`: it adds a charset, which JSON's media types do not have. */
export function sendBytes(res: Response, contentType: string, body: string): void {
  res.setHeader('Content-Type', contentType);
  res.send(Buffer.from(body));
}

/**
 * `location` is a path on this site, or an address of the provider: nothing else, ever. Redirects have no
 * opener policy, so that the page behind them has another one than whatever opened the window
 * (own-window.ts).
 */
export function redirect(res: Response, location: string, status: 302 | 303 = 302): void {
  res.removeHeader(OPENER_POLICY);
  res.status(status).set({ Location: location, 'Content-Length': '0' }).end();
}

/** A refusal as the caller can use it: a page for a person, a problem document for a program. */
export function sendReason(req: Request, res: Response, view: Refusal, policy: PagePolicy): void {
  if (callerKind(headOf(req)) === 'program') {
    sendProblem(req, res, view);
    return;
  }
  const page = errorPageView(refusalHeaders(req, res, view));
  sendPage(res, reasons[view.reason].status, page, policy);
}

/** What a person in a frame gets instead of a sign-in. */
export function sendFramePage(
  req: Request,
  res: Response,
  view: Refusal,
  policy: PagePolicy,
): void {
  const page = framePageView(refusalHeaders(req, res, view));
  sendPage(res, reasons[view.reason].status, page, policy);
}

/** A refusal as a problem document, whoever asks. */
export function sendProblem(req: Request, res: Response, view: Refusal): void {
  const problem = problemDocument(refusalHeaders(req, res, view));
  sendJson(res, reasons[view.reason].status, problem, 'application/problem+json');
}

function refusalHeaders(req: Request, res: Response, view: Refusal): ErrorView {
  const { bearerError } = view;
  // RFC 6750 section 3: a token that was sent and not accepted is told so.
  if (bearerError !== undefined) res.set('WWW-Authenticate', `Bearer error="${bearerError}"`);
  else if (reasons[view.reason].status === 401) res.set('WWW-Authenticate', 'Bearer');
  if (view.retryAfterSec !== undefined) res.set('Retry-After', String(view.retryAfterSec));
  return { ...view, requestId: headOf(req).id };
}
