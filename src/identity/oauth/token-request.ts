// Owns reading what the token endpoint is asked (RFC 6749 sections 4.1.3 and 6, RFC 8628 section 3.4).
import type { PresentedCode } from './authorization-codes.ts';
import { COMMAND_LINE_CLIENT_ID } from './command-line-client.ts';
import { refusal, type OAuthRefusal } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';
import { GRANT_TYPES, type GrantType } from './server-metadata.ts';

export type TokenRequest =
  | ({ readonly kind: 'code' } & PresentedCode)
  | { readonly kind: 'refresh'; readonly refreshToken: string }
  | { readonly kind: 'device'; readonly deviceCode: string };

/** Longer than any secret that we gave. */
const LONGEST_SECRET = 4096;

/**
 * What is wrong with how a client names itself: ours does by its id and nothing else
 * (RFC 6749 section 3.2.1).
 */
export function clientFault(parameters: Parameters): OAuthRefusal | undefined {
  const isOurs = parameters.get('client_id') === COMMAND_LINE_CLIENT_ID;
  const hasSecret = parameters.has('client_secret') || parameters.has('client_assertion');
  return isOurs && !hasSecret ? undefined : refusal('invalid_client', 'this client is not known');
}

/** What a client that has named itself asks for, by its grant type. */
export function readTokenRequest(parameters: Parameters): TokenRequest | OAuthRefusal {
  const grantType = parameters.get('grant_type');
  if (grantType === undefined) return refusal('invalid_request', 'there is no grant_type');
  if (!isGrantType(grantType))
    return refusal('unsupported_grant_type', 'see grant_types_supported');
  if ([...parameters.values()].some((value) => value.length > LONGEST_SECRET)) return incomplete;
  return readers[grantType](parameters);
}

const incomplete = refusal('invalid_request', 'a parameter is missing or too long');

const readers: Readonly<
  Record<GrantType, (parameters: Parameters) => TokenRequest | OAuthRefusal>
> = {
  authorization_code(parameters) {
    const code = parameters.get('code');
    const redirectUri = parameters.get('redirect_uri');
    const codeVerifier = parameters.get('code_verifier');
    if (code === undefined || redirectUri === undefined || codeVerifier === undefined) {
      return incomplete;
    }
    return { kind: 'code', code, redirectUri, codeVerifier };
  },
  refresh_token(parameters) {
    const refreshToken = parameters.get('refresh_token');
    // RFC 6749 section 6 lets a client ask for less; ours never does.
    if (parameters.has('scope')) return refusal('invalid_scope', 'the scope of a login is fixed');
    return refreshToken === undefined ? incomplete : { kind: 'refresh', refreshToken };
  },
  'urn:ietf:params:oauth:grant-type:device_code'(parameters) {
    const deviceCode = parameters.get('device_code');
    return deviceCode === undefined ? incomplete : { kind: 'device', deviceCode };
  },
};

function isGrantType(text: string): text is GrantType {
  return GRANT_TYPES.some((known) => known === text);
}
