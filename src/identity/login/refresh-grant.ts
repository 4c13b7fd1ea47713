// Owns asking the provider for fresh claims by refresh token (OpenID Connect Core 1.0 section 12).
import { refreshTokenGrant } from 'openid-client';
import type { ProviderTokens, RefreshGrant, RefreshOutcome } from './completed-login.ts';
import type { LoginDependencies, LoginOptions } from './login-options.ts';
import { providerFault, type ProviderFault } from './provider-fault.ts';
import type { Provider, ProviderConnection } from './provider.ts';
import { readTokenAnswer } from './token-answer.ts';

const BAD_REQUEST = 400;
/** Errors about us and not about the person's grant (RFC 6749 section 5.2). */
const OUR_OWN_ERRORS = new Set(['invalid_client', 'unauthorized_client']);

/** The refresh grant of this provider. */
export function refreshGrant(
  options: LoginOptions,
  deps: LoginDependencies,
  provider: Provider,
): RefreshGrant {
  return async (tokens) => {
    const connection = provider.connection();
    if (connection === undefined || tokens.refreshToken === undefined) return { kind: 'failed' };
    try {
      return await refreshed(tokens, tokens.refreshToken, { connection, options, ...deps });
    } catch (error) {
      const fault = providerFault(error);
      const outcome = outcomeOf(fault);
      deps.logger[outcome.kind === 'ended' ? 'info' : 'warn']('refresh of claims failed', {
        outcome: outcome.kind,
        problem: fault.detail,
      });
      return outcome;
    }
  };
}

async function refreshed(
  previous: ProviderTokens,
  refreshToken: string,
  context: LoginDependencies & {
    readonly connection: ProviderConnection;
    readonly options: LoginOptions;
  },
): Promise<RefreshOutcome> {
  const answer = await refreshTokenGrant(context.connection.configuration, refreshToken);
  const read = await readTokenAnswer(answer, { ...context, previous });
  if (read.kind === 'refused') return { kind: 'identity-changed' };
  const { sub, issuer } = read.login.tokens;
  const isSamePerson = sub === previous.sub && issuer === previous.issuer;
  return isSamePerson ? { kind: 'refreshed', login: read.login } : { kind: 'identity-changed' };
}

/**
 * Dex answers a dead refresh token with 400 `invalid_request`, and a connector's refusal with 500; so
 * any 400 ends the grant, unless it is about the gateway as a client.
 */
function outcomeOf(fault: ProviderFault): RefreshOutcome {
  if (fault.kind !== 'refused' || OUR_OWN_ERRORS.has(fault.error)) return { kind: 'failed' };
  const isEnded = fault.error === 'invalid_grant' || fault.status === BAD_REQUEST;
  return { kind: isEnded ? 'ended' : 'failed' };
}
