// Owns POST /oauth2/token and /oauth2/revoke: logins for programs, and their end.
import { refusal } from '../../identity/oauth/oauth-error.ts';
import { exchange, tokenAnswer } from '../../identity/oauth/token-exchange.ts';
import { readTokenRequest } from '../../identity/oauth/token-request.ts';
import type { PersonalTokens } from '../../identity/personal-tokens/personal-tokens.ts';
import { REVOKE_PATH, TOKEN_PATH } from '../own-paths.ts';
import type { PageContext } from '../page-dependencies.ts';
import type { ProgramEndpoint } from './program-endpoint.ts';

/** A device polls twelve times a minute, and a whole team may share an address. */
const PER_MINUTE = 300;

/** POST /oauth2/token (RFC 6749 section 3.2). */
export function tokenEndpoint(context: PageContext, tokens: PersonalTokens): ProgramEndpoint {
  const { logger, metrics } = context;
  return {
    path: TOKEN_PATH,
    perMinute: PER_MINUTE,
    async answer(parameters, { id }) {
      const request = readTokenRequest(parameters);
      if (request.kind === 'refused') return request;
      const outcome = await exchange({ ...context, tokens }, request);
      const grant = request.kind;
      const result = outcome.kind === 'issued' ? 'issued' : outcome.error;
      metrics.increment('kfgw_token_grants_total', { grant, result });
      if (outcome.kind === 'refused') {
        const level = outcome.error === 'invalid_grant' ? 'info' : 'debug';
        logger[level]('A program got no token.', { grant, error: outcome.error, requestId: id });
        return outcome;
      }
      const { login } = outcome;
      if (grant !== 'refresh') {
        const token = login.summary.handle;
        logger.info('A program signed in for a person.', { grant, token, requestId: id });
      }
      return { kind: 'answer', body: tokenAnswer(login) };
    },
  };
}

/** RFC 7009: a token that is not ours, or not any more, is as good as revoked (section 2.2). */
export function revocationEndpoint(context: PageContext, tokens: PersonalTokens): ProgramEndpoint {
  return {
    path: REVOKE_PATH,
    perMinute: PER_MINUTE,
    async answer(parameters, { id }) {
      const token = parameters.get('token');
      if (token === undefined) return refusal('invalid_request', 'there is no token');
      const revoked = await tokens.revokeByToken(token);
      if (revoked) context.logger.info('A program revoked its token.', { requestId: id });
      return { kind: 'answer', body: {} };
    },
  };
}
