// Owns the page that asks whether a program may sign in for the person, and its buttons.
import type { Request, RequestHandler, Response } from 'express';
import type { SignedIn } from '../../identity/authentication.ts';
import { issueCode } from '../../identity/oauth/authorization-codes.ts';
import { answerDevice, waitingDevice } from '../../identity/oauth/device-requests.ts';
import type { LoginWish } from '../../identity/oauth/login-wish.ts';
import { formatUserCode } from '../../identity/oauth/user-code.ts';
import { issueTicket, redeemTicket } from '../action-ticket.ts';
import { sendPage, sendReason } from '../answer.ts';
import { authenticateRequest } from '../authenticate-request.ts';
import { formOf } from '../form-body.ts';
import type { PageContext } from '../page-dependencies.ts';
import { headOf } from '../request-heads.ts';
import { ownPagePolicy } from '../security-headers.ts';
import { formatSignInAction, parseSignInAction, type SignInAction } from '../sign-in-action.ts';
import {
  allowedDeviceView,
  consentView,
  refusedDeviceView,
  type ConsentPlace,
} from './consent-view.ts';
import { unknownCode } from './device.ts';
import { goBackToProgram } from './program-redirect.ts';

export type ConsentAction = Exclude<SignInAction, { kind: 'create-token' }>;
type AuthorizeAction = Extract<SignInAction, { kind: 'authorize' }>;
type DeviceAction = Extract<SignInAction, { kind: 'approve-device' }>;

/** The person has just signed in for the action, and the answer's window is theirs alone. */
export async function showConsent(
  context: PageContext,
  req: Request,
  res: Response,
  signedIn: SignedIn,
  action: ConsentAction,
): Promise<void> {
  const policy = ownPagePolicy(context.login);
  const wish = await wishOf(context, action);
  if (wish === undefined) {
    sendReason(req, res, unknownCode, policy);
    return;
  }
  const { credential, principal } = signedIn;
  const content = formatSignInAction(action);
  const consent = {
    userId: principal.userId,
    wish,
    place: placeOf(action),
    nowMs: context.clock.nowMs(),
    ticket: issueTicket(context, credential.sessionHandle, 'consent', content),
  };
  sendPage(res, 200, consentView(consent), { ...policy, hasScript: true });
}

/** POST /oauth2/consent: only the page above has the ticket, and the cookie alone is worth nothing. */
export function takeConsent(context: PageContext): RequestHandler {
  return async (req, res) => {
    const policy = ownPagePolicy(context.login);
    const who = await authenticateRequest(headOf(req), context.authenticator);
    if (who.kind !== 'authenticated') {
      sendReason(req, res, who, policy);
      return;
    }
    const form = formOf(req);
    const decision = form?.get('decision');
    const isDecided = decision === 'allow' || decision === 'refuse';
    const { sessionHandle } = who.identity.credential;
    const action = isDecided
      ? await actionOf(context, sessionHandle, form?.get('ticket') ?? '')
      : undefined;
    if (action === undefined) sendReason(req, res, { reason: 'action_expired' }, policy);
    else await carryOut(context, req, res, { who: who.identity, action, decision });
  };
}

interface Decided {
  readonly who: SignedIn;
  readonly action: ConsentAction;
  readonly decision: string | undefined;
}

async function carryOut(
  context: PageContext,
  req: Request,
  res: Response,
  { who, action, decision }: Decided,
): Promise<void> {
  const person = decision === 'allow' ? who.credential.person : undefined;
  context.logger.info('Somebody was asked whether a program may sign in for them.', {
    user: who.principal.userId,
    session: who.credential.sessionHandle,
    decision,
    requestId: headOf(req).id,
  });
  if (action.kind === 'authorize') await answerProgram(context, req, res, { action, person });
  else await answerOnDevice(context, req, res, { action, person });
}

async function answerProgram(
  context: PageContext,
  req: Request,
  res: Response,
  { action, person }: { readonly action: AuthorizeAction; readonly person: string | undefined },
): Promise<void> {
  const answer =
    person === undefined
      ? { error: 'access_denied', error_description: 'the person said no' }
      : { code: await issueCode(context, person, action) };
  const { redirectUri, state } = action;
  goBackToProgram(context, req, res, { redirectUri, state }, answer);
}

async function answerOnDevice(
  context: PageContext,
  req: Request,
  res: Response,
  { action, person }: { readonly action: DeviceAction; readonly person: string | undefined },
): Promise<void> {
  const policy = ownPagePolicy(context.login);
  const isTaken = await answerDevice(context, action.userCode, person);
  if (!isTaken) sendReason(req, res, unknownCode, policy);
  else sendPage(res, 200, person === undefined ? refusedDeviceView : allowedDeviceView, policy);
}

async function actionOf(
  context: PageContext,
  sessionHandle: string,
  ticket: string,
): Promise<ConsentAction | undefined> {
  const content = await redeemTicket(context, sessionHandle, 'consent', ticket);
  const action = content === undefined ? undefined : parseSignInAction(content);
  return action?.kind === 'create-token' ? undefined : action;
}

async function wishOf(context: PageContext, action: ConsentAction): Promise<LoginWish | undefined> {
  return action.kind === 'authorize' ? action : waitingDevice(context, action.userCode);
}

function placeOf(action: ConsentAction): ConsentPlace {
  return action.kind === 'authorize'
    ? { kind: 'here', redirectUri: action.redirectUri }
    : { kind: 'device', userCode: formatUserCode(action.userCode) };
}
