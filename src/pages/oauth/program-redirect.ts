// Owns sending the person's browser back to the program that waits for it on their machine.
import type { Request, Response } from 'express';
import { answerAddress, type AnswerAddress } from '../../identity/oauth/authorization-request.ts';
import { sendPage, sendReason } from '../answer.ts';
import type { PageContext } from '../page-dependencies.ts';
import { headOf } from '../request-heads.ts';
import { ownPagePolicy } from '../security-headers.ts';
import { requestIssuer } from './request-issuer.ts';

/**
 * `to` is a loopback address. The way there is a page that goes on by itself: a redirect would have
 * to be named in the `form-action` of the page before, where IPv6 literals cannot be written (CSP Level 3 section
 * 2.3.1, host-source).
 */
export function goBackToProgram(
  { login, options }: PageContext,
  req: Request,
  res: Response,
  to: AnswerAddress,
  answer: Readonly<Record<string, string>>,
): void {
  const policy = ownPagePolicy(login);
  const issuer = requestIssuer(headOf(req), options.publicOrigins);
  if (issuer === undefined) {
    sendReason(req, res, { reason: 'host_not_served' }, policy);
    return;
  }
  const href = answerAddress(to, issuer, answer);
  const view = {
    title: 'Back to the command line',
    text: ['You are being taken back to the program on this computer.'],
    action: { label: 'Continue', href, kind: 'link' },
    refresh: { seconds: 0, href, withoutScript: false },
  } as const;
  sendPage(res, 200, view, policy);
}
