// Owns GET /oauth2/start: sends a person to the provider, and only a person.
import type { Request, RequestHandler, Response } from 'express';
import type { ReasonCode } from '../kernel/reasons.ts';
import type { ClientKind } from '../request/client-kind.ts';
import { readQueryParameter } from '../request/query-parameter.ts';
import type { RequestHead } from '../request/request-head.ts';
import { redirect, sendFramePage, sendPage, sendReason } from './answer.ts';
import { authenticateRequest } from './authenticate-request.ts';
import { callerKind } from './caller-kind.ts';
import { KEEP_FRAGMENT_SCRIPT_PATH, startAddress } from './own-paths.ts';
import type { PageContext } from './page-dependencies.ts';
import type { PageView } from './page-template.ts';
import { headOf } from './request-heads.ts';
import { readReturnTo } from './return-to.ts';
import { standInPolicy } from './security-headers.ts';

/** Whoever is signed in goes straight on to `rd`. */
export function startSignIn(context: PageContext): RequestHandler {
  return async (req, res) => {
    const head = headOf(req);
    const policy = standInPolicy(context.login);
    const returnTo = readReturnTo(head.target);
    if (returnTo.kind === 'refused') {
      sendReason(req, res, { reason: 'return_address_refused' }, policy);
      return;
    }
    const who = await authenticateRequest(head, context.authenticator);
    if (who.kind === 'authenticated') {
      redirect(res, returnTo.path);
    } else if (who.kind === 'unavailable') {
      sendReason(req, res, { ...who, retryHref: startAddress(returnTo.path) }, policy);
    } else if (starterKind(head) === 'program') {
      sendReason(req, res, { reason: who.reason }, policy);
    } else {
      await startForPerson(context, req, res, { reason: who.reason, returnTo: returnTo.path });
    }
  };
}

/**
 * Whoever asks for this address by hand wants to sign in: a script that follows redirects and takes
 * anything (curl) counts as a navigation where no browser says otherwise.
 */
function starterKind(head: RequestHead): ClientKind {
  const { hints } = head;
  const accept = hints.accept === '*/*' ? undefined : hints.accept;
  return callerKind({ ...head, hints: { ...hints, accept } });
}

/**
 * Only a navigation at the top level begins a sign-in: the provider's form in a frame would be open
 * to clickjacking, and most providers refuse to be framed.
 */
async function startForPerson(
  { login, options }: PageContext,
  req: Request,
  res: Response,
  { reason, returnTo }: { readonly reason: ReasonCode; readonly returnTo: string },
): Promise<void> {
  const policy = standInPolicy(login);
  const head = headOf(req);
  if (callerKind(head) === 'frame') {
    sendFramePage(req, res, { reason, returnTo }, policy);
    return;
  }
  if (options.keepFragment && readQueryParameter(head.target, 'go').kind === 'absent') {
    sendPage(res, 200, keepFragmentView(returnTo), { ...policy, hasScript: true });
    return;
  }
  const begun = await login.begin(returnTo, req.headers.cookie);
  if (begun.kind === 'redirect') {
    res.append('Set-Cookie', [...begun.setCookies]);
    redirect(res, begun.location);
    return;
  }
  const { retryAfterSec } = begun;
  const retryHref = startAddress(returnTo);
  sendReason(req, res, { reason: 'provider_unavailable', retryAfterSec, retryHref }, policy);
}

/**
 * Browsers carry a fragment over our redirects but not through a provider's form, and never send it.
 * So this page's script puts it into `rd`; without scripts the page goes on without it.
 */
function keepFragmentView(returnTo: string): PageView {
  const href = `${startAddress(returnTo)}&go=1`;
  return {
    title: 'Signing in',
    text: ['You are being taken to the sign-in.'],
    action: { label: 'Continue', href, kind: 'link' },
    refresh: { seconds: 0, href, withoutScript: true },
    script: KEEP_FRAGMENT_SCRIPT_PATH,
  };
}
