// Owns the beginning of a fresh sign-in for one action.
import type { Request, Response } from 'express';
import { sendPage, sendReason } from './answer.ts';
import { DEVICE_PATH, TOKENS_PATH } from './own-paths.ts';
import type { PageContext } from './page-dependencies.ts';
import { ownPagePolicy } from './security-headers.ts';
import { formatSignInAction, type SignInAction } from './sign-in-action.ts';

/** What an attempt's cookie has room for beside its secrets. */
const LONGEST_ACTION = 1_500;

/**
 * Sends the person to the provider, to sign in for `action`; behind the callback the action is carried
 * out, or asked about, as carry-out-action.ts says. Only for requests that `onlyTopLevel` let through.
 *
 * The way there is a page that goes on by itself and no redirect: Chromium applies a form's
 * `form-action` to every redirect that follows it, and providers send people on to others.
 */
export async function beginActionSignIn(
  { login }: Pick<PageContext, 'login'>,
  req: Request,
  res: Response,
  action: SignInAction,
): Promise<void> {
  const policy = ownPagePolicy(login);
  const text = formatSignInAction(action);
  if (text.length > LONGEST_ACTION) {
    const isOurs = action.kind === 'create-token';
    const reason = isOurs ? 'token_wish_refused' : 'authorization_request_refused';
    sendReason(req, res, { reason }, policy);
    return;
  }
  const returnTo = action.kind === 'approve-device' ? DEVICE_PATH : TOKENS_PATH;
  const begun = await login.begin(returnTo, req.headers.cookie, text);
  if (begun.kind === 'unavailable') {
    const { retryAfterSec } = begun;
    sendReason(req, res, { reason: 'provider_unavailable', retryAfterSec }, policy);
    return;
  }
  res.append('Set-Cookie', [...begun.setCookies]);
  const { location } = begun;
  const view = {
    title: 'Sign in to confirm',
    text: ['You are being taken to the sign-in: only you can do what comes next.'],
    action: { label: 'Continue', href: location, kind: 'link' },
    refresh: { seconds: 0, href: location, withoutScript: false },
  } as const;
  sendPage(res, 200, view, policy);
}
