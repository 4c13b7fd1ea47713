// Owns the device flow (RFC 8628): the endpoint that a device asks, and the page where its code is typed.
import type { Express, RequestHandler } from 'express';
import { beginDevice, waitingDevice } from '../../identity/oauth/device-requests.ts';
import { readLoginWish } from '../../identity/oauth/login-wish.ts';
import { refusal } from '../../identity/oauth/oauth-error.ts';
import { formatUserCode, readUserCode } from '../../identity/oauth/user-code.ts';
import type { PersonalTokens } from '../../identity/personal-tokens/personal-tokens.ts';
import { sendPage, sendReason } from '../answer.ts';
import { beginActionSignIn } from '../begin-action.ts';
import { limitClients } from '../client-limit.ts';
import { onlyMethods } from '../fixed-answers.ts';
import { formOf, readForm } from '../form-body.ts';
import { isFromOwnOrigin } from '../own-origin.ts';
import { DEVICE_AUTHORIZATION_PATH, DEVICE_PATH } from '../own-paths.ts';
import type { PageContext } from '../page-dependencies.ts';
import type { PageView } from '../page-template.ts';
import { headOf } from '../request-heads.ts';
import { ownPagePolicy } from '../security-headers.ts';
import { onlyTopLevel } from '../top-level-only.ts';
import type { ProgramEndpoint } from './program-endpoint.ts';
import { requestIssuer } from './request-issuer.ts';

const STARTS_PER_MINUTE = 30;
/** With 20^8 codes that live ten minutes (RFC 8628 section 5.1). */
const GUESSES_PER_MINUTE = 20;

/** Most often it is a typing error. */
export const unknownCode = { reason: 'user_code_unknown', retryHref: DEVICE_PATH } as const;

/** POST /oauth2/device_authorization (RFC 8628 sections 3.1 and 3.2). */
export function deviceEndpoint(context: PageContext, tokens: PersonalTokens): ProgramEndpoint {
  return {
    path: DEVICE_AUTHORIZATION_PATH,
    perMinute: STARTS_PER_MINUTE,
    async answer(parameters, head) {
      const issuer = requestIssuer(head, context.options.publicOrigins);
      if (issuer === undefined) return refusal('invalid_request', 'this host is not served');
      const read = readLoginWish(parameters, tokens.maxLifetimeMs);
      if (read.kind === 'refused') return read;
      const { deviceCode, userCode, expiresInSec, intervalSec } = await beginDevice(
        context,
        read.wish,
      );
      // No verification_uri_complete: typing the code is what ties the page to the device in one's hand.
      const body = {
        device_code: deviceCode,
        user_code: formatUserCode(userCode),
        verification_uri: issuer + DEVICE_PATH,
        expires_in: expiresInSec,
        interval: intervalSec,
      };
      return { kind: 'answer', body };
    },
  };
}

/** GET and POST /oauth2/device (RFC 8628 section 3.3). */
export function routeDevicePage(app: Express, context: PageContext): void {
  const topLevel = onlyTopLevel(context);
  const guesses = limitClients(context, GUESSES_PER_MINUTE);
  app
    .route(DEVICE_PATH)
    .get(topLevel, askForCode(context))
    .post(topLevel, guesses, ...readForm(context.clock), takeCode(context))
    .all(onlyMethods(context, 'GET, HEAD, POST'));
}

function askForCode({ login }: PageContext): RequestHandler {
  return (_req, res) => {
    sendPage(res, 200, codeView, ownPagePolicy(login));
  };
}

/** Nothing happens here but the beginning of a sign-in. Other sites cannot bring a code along. */
function takeCode(context: PageContext): RequestHandler {
  const { login, options } = context;
  return async (req, res) => {
    if (!isFromOwnOrigin(headOf(req), options.publicOrigins)) {
      sendReason(req, res, { reason: 'cross_site' }, ownPagePolicy(login));
      return;
    }
    const userCode = readUserCode(formOf(req)?.get('user_code') ?? '');
    const device = userCode === undefined ? undefined : await waitingDevice(context, userCode);
    if (userCode === undefined || device === undefined) {
      sendReason(req, res, unknownCode, ownPagePolicy(login));
      return;
    }
    await beginActionSignIn(context, req, res, { kind: 'approve-device', userCode });
  };
}

const codeView: PageView = {
  title: 'Sign in on another device',
  text: [
    'Type the code that your device shows. You then sign in, and are asked what the device may do.',
    'If somebody else sent you here or gave you a code, stop: they would act as you.',
  ],
  forms: [
    {
      method: 'post',
      href: DEVICE_PATH,
      fields: [
        {
          kind: 'text',
          name: 'user_code',
          label: 'Code',
          hint: 'Eight letters, such as WDJB-MJHT.',
          maxLength: 20,
          isRequired: true,
        },
      ],
      buttons: [{ label: 'Continue' }],
    },
  ],
};
