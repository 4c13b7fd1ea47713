// Owns asking the provider for fresh claims by refresh token (OpenID Connect Core 1.0 section 12).
import { refreshTokenGrant } from 'openid-client';
import type { ProviderTokens, RefreshGrant, RefreshOutcome } from './completed-login.ts';
import type { LoginDependencies, LoginOptions } from './login-options.ts';
import { providerFault, type ProviderFault } from './provider-fault.ts';
import type { Provider } from './provider.ts';
import { readTokenAnswer, type ReadAnswer } from './token-answer.ts';

const BAD_REQUEST = 400;

/** The refresh grant of this provider. */
export function refreshGrant(
  options: LoginOptions,
  deps: LoginDependencies,
  provider: Provider,
): RefreshGrant {
  return async (tokens) => {
    const connection = provider.connection();
    if (connection === undefined || tokens.refreshToken === undefined) return { kind: 'failed' };
    let isGranted = false;
    try {
      const answer = await refreshTokenGrant(connection.configuration, tokens.refreshToken);
      isGranted = true;
      const context = { connection, options, ...deps, previous: tokens };
      return refreshed(await readTokenAnswer(answer, context), tokens);
    } catch (error) {
      const fault = providerFault(error);
      const kind = !isGranted && isGrantEnded(fault) ? 'ended' : 'failed';
      const level = kind === 'ended' ? 'info' : 'warn';
      deps.logger[level]('refresh of claims failed', { outcome: kind, problem: fault.detail });
      return { kind };
    }
  };
}

function refreshed(read: ReadAnswer, previous: ProviderTokens): RefreshOutcome {
  if (read.kind === 'refused') return { kind: 'identity-changed' };
  const { sub, issuer } = read.login.tokens;
  const isSamePerson = sub === previous.sub && issuer === previous.issuer;
  return isSamePerson ? { kind: 'refreshed', login: read.login } : { kind: 'identity-changed' };
}

/**
 * Dex answers a dead refresh token with 400 `invalid_request`, and a connector's refusal with 500; so
 * any 400 ends the grant, unless it is about the gateway as a client.
 */
function isGrantEnded(fault: ProviderFault): boolean {
  if (fault.kind !== 'refused' || fault.isOurs) return false;
  return fault.error === 'invalid_grant' || fault.status === BAD_REQUEST;
}
