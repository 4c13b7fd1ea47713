// Owns the answer of the token endpoint: who shows what, and gets which login.
import type { IssuedLogin, PersonalTokens } from '../personal-tokens/personal-tokens.ts';
import { formatTokenScope } from '../bearer/token-scope.ts';
import { redeemCode } from './authorization-codes.ts';
import { redeemDevice } from './device-requests.ts';
import { refusal } from './oauth-error.ts';
import type { Redemption, RedemptionParts } from './redemption.ts';
import type { TokenRequest } from './token-request.ts';

interface ExchangeParts extends RedemptionParts {
  readonly tokens: Pick<PersonalTokens, 'createLogin' | 'refreshLogin' | 'revoke'>;
}

/** May throw StoreUnavailable. */
export async function exchange(parts: ExchangeParts, request: TokenRequest): Promise<Redemption> {
  if (request.kind === 'code') return redeemCode(parts, request);
  if (request.kind === 'device') return redeemDevice(parts, request.deviceCode);
  const refreshed = await parts.tokens.refreshLogin(request.refreshToken);
  if (refreshed.kind === 'refreshed') return { kind: 'issued', login: refreshed.login };
  return refusal('invalid_grant', 'the refresh_token has ended, or was used before');
}

/** RFC 6749 section 5.1. */
export function tokenAnswer(login: IssuedLogin): Readonly<Record<string, string | number>> {
  return {
    access_token: login.accessToken,
    token_type: 'Bearer',
    expires_in: login.accessExpiresInSec,
    refresh_token: login.refreshToken,
    scope: formatTokenScope(login.summary.scope),
  };
}
