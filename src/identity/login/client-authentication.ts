// Owns how the gateway proves itself at the token endpoint, and the redirect URI it names there.
import { ClientSecretBasic, ClientSecretPost, type ClientAuth } from 'openid-client';
import type { Secret } from '../../kernel/secret.ts';
import type { LoginOptions } from './login-options.ts';

/**
 * Client authentication with the secret of now. It is also the place where openid-client hands out
 * the form: the redirect URI must be the one of the authorization request byte for byte (RFC 6749
 * section 4.1.3), and openid-client can only send an absolute one, while Kubeflow's Dex has
 * `/oauth2/callback` registered.
 */
export function clientAuthentication(
  { clientAuthentication: method, redirectUri }: LoginOptions,
  clientSecret: () => Secret,
): ClientAuth {
  const withSecret = method === 'client_secret_post' ? ClientSecretPost : ClientSecretBasic;
  return (server, client, form, headers) => {
    if (form.has('redirect_uri')) form.set('redirect_uri', redirectUri);
    withSecret(clientSecret().reveal())(server, client, form, headers);
  };
}
