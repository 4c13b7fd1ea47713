// Owns what the authorization server says of itself (RFC 8414 section 2).
import { ALL_MY_PIPELINES } from '../bearer/token-scope.ts';

export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** Paths of the endpoints. */
export interface EndpointPaths {
  readonly authorization: string;
  readonly token: string;
  readonly deviceAuthorization: string;
  readonly revocation: string;
}

/** `issuer` is an origin without a path. Scopes with a name of their own only: classes and namespaces are many. */
export function serverMetadata(
  issuer: string,
  paths: EndpointPaths,
): Readonly<Record<string, unknown>> {
  return {
    issuer,
    authorization_endpoint: issuer + paths.authorization,
    token_endpoint: issuer + paths.token,
    device_authorization_endpoint: issuer + paths.deviceAuthorization,
    revocation_endpoint: issuer + paths.revocation,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    scopes_supported: ['read', 'write', ALL_MY_PIPELINES],
  };
}
