// Owns the address at which a person also signs out at the provider (OpenID Connect RP-Initiated
// Logout 1.0 section 2).
import { buildEndSessionUrl } from 'openid-client';
import type { ProviderTokens } from './completed-login.ts';
import type { LoginOptions } from './login-options.ts';
import { browserAddress } from './provider-metadata.ts';
import type { ProviderConnection } from './provider.ts';

/** Longer hints make a URL that servers refuse; without one the provider asks the person. */
const LONGEST_HINT = 4_096;

/** Undefined where the provider has no such endpoint, or tells it for another address than browsers use. */
export function signOutAddress(
  { idToken }: ProviderTokens,
  { configuration, metadata }: ProviderConnection,
  { postLogoutRedirectUri }: LoginOptions,
): string | undefined {
  if (metadata.end_session_endpoint === undefined) return undefined;
  const url = buildEndSessionUrl(configuration, {
    ...(idToken.length <= LONGEST_HINT && { id_token_hint: idToken }),
    ...(postLogoutRedirectUri !== undefined && { post_logout_redirect_uri: postLogoutRedirectUri }),
  });
  return browserAddress(url);
}
