// Owns the pages: an Express app on the gateway's own paths, and the routes in their order.
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import type { RequestHead } from '../request/request-head.ts';
import { backChannelLogout, logoutForm, refuseLogoutForm } from './back-channel-logout.ts';
import { finishSignIn } from './callback.ts';
import { carryOutAction } from './carry-out-action.ts';
import { limitClients } from './client-limit.ts';
import { answerFault } from './faults.ts';
import { keySet, notFound, onlyMethods, staticFile } from './fixed-answers.ts';
import { routeOAuth } from './oauth/routes.ts';
import {
  ACTION_PATH,
  BACK_CHANNEL_LOGOUT_PATH,
  CALLBACK_PATH,
  isOwnPath,
  KEY_SET_PATH,
  LOGOUT_PATH,
  SIGN_IN_PATH,
  SIGN_OUT_PATH,
  START_PATH,
  USER_INFO_PATH,
} from './own-paths.ts';
import type { PageContext, PageDependencies, PageOptions } from './page-dependencies.ts';
import { headOf, rememberHead } from './request-heads.ts';
import { answerHeaders } from './security-headers.ts';
import { signInPage } from './sign-in.ts';
import { signOut } from './sign-out.ts';
import { createStandIns, type StandIns } from './stand-ins.ts';
import { startSignIn } from './start.ts';
import { staticFiles } from './static-files.ts';
import { routeTokens } from './tokens/routes.ts';
import { onlyTopLevel } from './top-level-only.ts';
import { userInfo } from './user-info.ts';

export interface Pages extends StandIns {
  /** True for a request path, as received and without query, that the pages answer. */
  owns(path: string): boolean;
  /** Answers a request on an own path; `head` is what request hygiene made of `req`. */
  handle(req: IncomingMessage, res: ServerResponse, head: RequestHead): void;
}

export function createPages(options: PageOptions, dependencies: PageDependencies): Pages {
  const context: PageContext = { ...dependencies, options };
  const app = createApp(context);
  return {
    ...createStandIns(context.login),
    owns: isOwnPath,
    handle: (req, res, head) => {
      rememberHead(req, head);
      app(req, res);
    },
  };
}

function createApp(context: PageContext): Express {
  const app = plainExpress();
  const { loginPerMinute, logoutPerMinute } = context.options;
  const loginLimit = limitClients(context, loginPerMinute);
  const logoutLimit = limitClients(context, logoutPerMinute);
  const onlyGet = onlyMethods(context, 'GET, HEAD');
  const onlyPost = onlyMethods(context, 'POST');

  app.route(START_PATH).get(loginLimit, startSignIn(context)).all(onlyGet);
  app.route(CALLBACK_PATH).get(loginLimit, finishSignIn(context)).all(onlyGet);
  app.route(ACTION_PATH).get(onlyTopLevel(context), carryOutAction(context)).all(onlyGet);
  app.route(SIGN_IN_PATH).get(signInPage(context)).all(onlyGet);
  app
    .route(SIGN_OUT_PATH)
    .get(signOut(context))
    .post(signOut(context))
    .all(onlyMethods(context, 'GET, HEAD, POST'));
  app.route(LOGOUT_PATH).get(signOut(context)).all(onlyGet);
  app.route(USER_INFO_PATH).get(userInfo(context)).all(onlyGet);
  app
    .route(BACK_CHANNEL_LOGOUT_PATH)
    .post(logoutLimit, logoutForm(context), backChannelLogout(context), refuseLogoutForm)
    .all(onlyPost);
  app.route(KEY_SET_PATH).get(keySet(context)).all(onlyGet);
  routeTokens(app, context, loginLimit);
  routeOAuth(app, context, loginLimit);
  for (const file of staticFiles) app.route(file.path).get(staticFile(file)).all(onlyGet);

  app.use(notFound(context));
  app.use(answerFault(context));
  return app;
}

/** Express with nothing of its own in the answer and no guess about the request. */
function plainExpress(): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.enable('case sensitive routing').enable('strict routing');
  app.set('query parser', false);
  app.use((req, res, next) => {
    res.set(answerHeaders).set('X-Request-Id', headOf(req).id);
    next();
  });
  return app;
}
