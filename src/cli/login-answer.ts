// Owns reading what the token endpoint gives a command line (RFC 6749 section 5.1).
import type { TokenEndpointResponse } from 'openid-client';
import { SECOND_MS } from '../kernel/duration.ts';
import { UnusableAnswer } from './server-fault.ts';

export interface LoginTokens {
  readonly accessToken: string;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly accessExpiresAtMs: number;
  readonly refreshToken: string;
}

/** The form of a token in a header (RFC 6750 section 2.1), so that it can command no terminal either. */
const TOKEN = /^[A-Za-z0-9\-._~+/]{1,8192}=*$/;

/** A refresh need not bring a new refresh token (section 6). Throws UnusableAnswer. */
export function readLoginAnswer(
  answer: TokenEndpointResponse,
  nowMs: number,
  previousRefreshToken = '',
): LoginTokens {
  const { access_token: accessToken, expires_in: expiresInSec } = answer;
  const refreshToken = answer.refresh_token ?? previousRefreshToken;
  if (answer.token_type !== 'bearer') throw new UnusableAnswer('its tokens are no bearer tokens');
  if (!TOKEN.test(accessToken) || !TOKEN.test(refreshToken) || expiresInSec === undefined) {
    throw new UnusableAnswer('its answer has no access token, refresh token or life');
  }
  return { accessToken, accessExpiresAtMs: nowMs + expiresInSec * SECOND_MS, refreshToken };
}
