import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoginUnderTest, type LoginChanges } from '../../../test/fixtures/login-under-test.ts';
import {
  startOpenidProvider,
  type OpenidProvider,
} from '../../../test/fixtures/openid-provider.ts';
import type { ProviderTokens } from './completed-login.ts';

let provider: OpenidProvider;

beforeAll(async () => {
  provider = await startOpenidProvider();
});

afterAll(async () => {
  await provider[Symbol.asyncDispose]();
});

async function addressWith(
  changes: Partial<LoginChanges>,
  idToken = 'header.payload.signature',
): Promise<string | undefined> {
  const { issuer, clientId, clientSecret } = provider;
  using gateway = new LoginUnderTest(clientSecret, { issuer, clientId, ...changes });
  await gateway.isReady();
  const tokens: ProviderTokens = {
    ...{ issuer, clientId, idToken, sub: 's' },
    providerSid: undefined,
    refreshToken: undefined,
  };
  return gateway.login.flow.signOutAddress(tokens);
}

describe('the address to sign out at the provider', () => {
  it('names the session by its ID token, the client and where to come back', async () => {
    const address = await addressWith({ postLogoutRedirectUri: 'https://kubeflow.example/' });
    const url = new URL(address ?? '');
    expect(url.origin + url.pathname).toBe(`${provider.issuer}/session/end`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: provider.clientId,
      id_token_hint: 'header.payload.signature',
      post_logout_redirect_uri: 'https://kubeflow.example/',
    });
  });

  it('leaves out what is not configured, and a hint that would make the URL too long', async () => {
    const url = new URL((await addressWith({}, 'x'.repeat(5_000))) ?? '');
    expect([...url.searchParams.keys()]).toEqual(['client_id']);
  });

  it('is a path where the gateway itself shows the provider', async () => {
    const address = await addressWith({ endpoints: { endSession: '/dex/logout' } });
    expect(address).toMatch(/^\/dex\/logout\?id_token_hint=/);
  });

  it('is none where browsers reach the provider elsewhere than it thinks', async () => {
    expect(await addressWith({ endpoints: { authorization: '/dex/auth' } })).toBeUndefined();
  });

  it('is none where the provider has none', async () => {
    const { issuer } = provider;
    const endpoints = {
      authorization: `${issuer}/auth`,
      token: `${issuer}/token`,
      jwks: `${issuer}/jwks`,
    };
    expect(await addressWith({ endpoints })).toBeUndefined();
  });
});
