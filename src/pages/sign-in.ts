// Owns GET /oauth2/sign_in: a page with one link that starts the sign-in.
import type { RequestHandler } from 'express';
import { sendPage, sendReason } from './answer.ts';
import { startAddress } from './own-paths.ts';
import type { PageContext } from './page-dependencies.ts';
import { headOf } from './request-heads.ts';
import { readReturnTo } from './return-to.ts';
import { ownPagePolicy } from './security-headers.ts';

export function signInPage({ login }: PageContext): RequestHandler {
  return (req, res) => {
    const policy = ownPagePolicy(login);
    const returnTo = readReturnTo(headOf(req).target);
    if (returnTo.kind === 'refused') {
      sendReason(req, res, { reason: 'return_address_refused' }, policy);
      return;
    }
    const view = {
      title: 'Sign in to Kubeflow',
      text: ['You will be taken to the identity provider of this site.'],
      action: { label: 'Sign in', href: startAddress(returnTo.path), kind: 'link' },
    } as const;
    sendPage(res, 200, view, policy);
  };
}
