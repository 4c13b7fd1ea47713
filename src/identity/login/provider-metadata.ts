// Owns where the provider's endpoints are: as it says itself, as configured, or some of each.
import { customFetch, discovery, None, type CustomFetch, type ServerMetadata } from 'openid-client';
import { SECOND_MS } from '../../kernel/duration.ts';
import type { LoginEndpoints, LoginOptions } from './login-options.ts';
import { permitHttp } from './permit-http.ts';
import { SIGNING_ALGORITHMS } from './provider-keys.ts';

/** Stands for the gateway's own origin where openid-client takes absolute addresses only (RFC 6761). */
const OWN_ORIGIN = 'https://gateway.invalid';

/** The address for a browser: a path where it is the gateway's own origin. */
export function browserAddress(url: URL): string {
  return url.origin === OWN_ORIGIN ? url.pathname + url.search : url.href;
}

/** The origin that a browser goes to; undefined when it is the gateway's own. */
export function browserOrigin(address: string): string | undefined {
  const { origin } = new URL(address);
  return origin === OWN_ORIGIN ? undefined : origin;
}

/** Metadata with the endpoints that signing in cannot do without. */
export type ProviderMetadata = ServerMetadata & {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly jwks_uri: string;
};

type MetadataOptions = Pick<
  LoginOptions,
  'issuer' | 'clientId' | 'endpoints' | 'timeoutMs' | 'insecureIssuerOverHttp'
>;

/** Rejects when the provider does not answer, calls itself otherwise, or lacks an endpoint. */
export async function readProviderMetadata(
  options: MetadataOptions,
  fetch: CustomFetch,
): Promise<ProviderMetadata> {
  const { issuer, endpoints, insecureIssuerOverHttp } = options;
  const { authorization, token, jwks } = endpoints;
  const isComplete = authorization !== undefined && token !== undefined && jwks !== undefined;
  const described = isComplete ? { issuer } : await describedByProvider(options, fetch);
  return requireEndpoints(
    {
      ...withConfigured(described, endpoints),
      id_token_signing_alg_values_supported: SIGNING_ALGORITHMS,
    },
    insecureIssuerOverHttp,
  );
}

async function describedByProvider(
  { issuer, clientId, timeoutMs, insecureIssuerOverHttp }: MetadataOptions,
  fetch: CustomFetch,
): Promise<ServerMetadata> {
  const found = await discovery(new URL(issuer), clientId, undefined, None(), {
    [customFetch]: fetch,
    // Ours is the deadline that counts; the library's would be 30 s.
    timeout: Math.ceil(timeoutMs / SECOND_MS) + 1,
    execute: insecureIssuerOverHttp ? [permitHttp] : [],
  });
  return found.serverMetadata();
}

/**
 * Addresses for browsers belong together: where one of them had to be configured, the provider's own
 * word for the other is as little use to a browser.
 */
function withConfigured(described: ServerMetadata, endpoints: LoginEndpoints): ServerMetadata {
  const { end_session_endpoint: describedEnd, ...rest } = described;
  const { authorization, token, jwks, userinfo } = endpoints;
  const end = endpoints.endSession ?? (authorization === undefined ? describedEnd : undefined);
  return {
    ...rest,
    ...(authorization !== undefined && { authorization_endpoint: onOwnOrigin(authorization) }),
    ...(token !== undefined && { token_endpoint: token }),
    ...(jwks !== undefined && { jwks_uri: jwks }),
    ...(userinfo !== undefined && { userinfo_endpoint: userinfo }),
    ...(end !== undefined && { end_session_endpoint: onOwnOrigin(end) }),
  };
}

function onOwnOrigin(urlOrPath: string): string {
  return new URL(urlOrPath, OWN_ORIGIN).href;
}

function requireEndpoints(metadata: ServerMetadata, allowHttp: boolean): ProviderMetadata {
  const usable = (name: 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri'): string => {
    const address = metadata[name];
    const protocol = address === undefined ? undefined : URL.parse(address)?.protocol;
    if (address !== undefined && (protocol === 'https:' || (allowHttp && protocol === 'http:'))) {
      return address;
    }
    throw new TypeError(`the provider has no usable ${name}`);
  };
  return {
    ...metadata,
    authorization_endpoint: usable('authorization_endpoint'),
    token_endpoint: usable('token_endpoint'),
    jwks_uri: usable('jwks_uri'),
  };
}
