// Owns the routes of the tokens that people make: list, making, revoking.
import type { Express, RequestHandler } from 'express';
import { onlyMethods } from '../fixed-answers.ts';
import { readForm } from '../form-body.ts';
import { NEW_TOKEN_PATH, REVOKE_TOKEN_PATH, TOKENS_PATH } from '../own-paths.ts';
import type { PageContext } from '../page-dependencies.ts';
import { onlyTopLevel } from '../top-level-only.ts';
import { beginNewToken } from './new-token.ts';
import { revokeToken } from './revoke-token.ts';
import { tokenList } from './token-list.ts';

/** None where people may make no tokens. */
export function routeTokens(app: Express, context: PageContext, loginLimit: RequestHandler): void {
  const { clock, tokens } = context;
  if (tokens === undefined) return;
  const guard = onlyTopLevel(context);
  const onlyGet = onlyMethods(context, 'GET, HEAD');
  const begin = beginNewToken(context, tokens);
  app.route(TOKENS_PATH).get(guard, tokenList(context, tokens)).all(onlyGet);
  app.route(NEW_TOKEN_PATH).get(guard, loginLimit, begin).all(onlyGet);
  app
    .route(REVOKE_TOKEN_PATH)
    .post(guard, ...readForm(clock), revokeToken(context, tokens))
    .all(onlyMethods(context, 'POST'));
}
