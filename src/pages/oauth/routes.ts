// Owns the routes of the OAuth 2.0 endpoints for the command line.
import type { Express, RequestHandler } from 'express';
import { serverMetadata } from '../../identity/oauth/server-metadata.ts';
import { sendJson, sendProblem } from '../answer.ts';
import { onlyMethods } from '../fixed-answers.ts';
import { readForm } from '../form-body.ts';
import {
  AUTHORIZATION_SERVER_PATH,
  AUTHORIZE_PATH,
  CONSENT_PATH,
  DEVICE_AUTHORIZATION_PATH,
  REVOKE_PATH,
  TOKEN_PATH,
} from '../own-paths.ts';
import type { PageContext } from '../page-dependencies.ts';
import { headOf } from '../request-heads.ts';
import { onlyTopLevel } from '../top-level-only.ts';
import { authorize } from './authorize.ts';
import { takeConsent } from './consent.ts';
import { deviceEndpoint, routeDevicePage } from './device.ts';
import { routeProgram } from './program-endpoint.ts';
import { requestIssuer } from './request-issuer.ts';
import { revocationEndpoint, tokenEndpoint } from './token.ts';

/** None of them is there where people may make no tokens. */
export function routeOAuth(app: Express, context: PageContext, loginLimit: RequestHandler): void {
  const { clock, tokens } = context;
  if (tokens === undefined) return;
  const topLevel = onlyTopLevel(context);
  const onlyGet = onlyMethods(context, 'GET, HEAD');
  app.route(AUTHORIZATION_SERVER_PATH).get(metadata(context)).all(onlyGet);
  app.route(AUTHORIZE_PATH).get(topLevel, loginLimit, authorize(context, tokens)).all(onlyGet);
  app
    .route(CONSENT_PATH)
    .post(topLevel, ...readForm(clock), takeConsent(context))
    .all(onlyMethods(context, 'POST'));
  routeDevicePage(app, context);
  routeProgram(app, context, deviceEndpoint(context, tokens));
  routeProgram(app, context, tokenEndpoint(context, tokens));
  routeProgram(app, context, revocationEndpoint(context, tokens));
}

/** RFC 8414 section 3. */
function metadata({ options }: PageContext): RequestHandler {
  return (req, res) => {
    const issuer = requestIssuer(headOf(req), options.publicOrigins);
    if (issuer === undefined) sendProblem(req, res, { reason: 'host_not_served' });
    else sendJson(res, 200, serverMetadata(issuer, endpointPaths));
  };
}

const endpointPaths = {
  authorization: AUTHORIZE_PATH,
  token: TOKEN_PATH,
  deviceAuthorization: DEVICE_AUTHORIZATION_PATH,
  revocation: REVOKE_PATH,
};
