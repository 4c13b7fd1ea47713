import { describe, expect, it } from 'vitest';
import { clientFault, readTokenRequest } from './token-request.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

function read(given: Readonly<Record<string, string>>) {
  return readTokenRequest(new Map(Object.entries(given)));
}

describe('a token request', () => {
  it('shows a code, a refresh token or a device code', () => {
    const code = { code: 'c', redirect_uri: 'http://127.0.0.1:1/callback', code_verifier: 'v' };
    expect(read({ grant_type: 'authorization_code', ...code })).toEqual({
      kind: 'code',
      code: 'c',
      redirectUri: code.redirect_uri,
      codeVerifier: 'v',
    });
    expect(read({ grant_type: 'refresh_token', refresh_token: 'r' })).toEqual({
      kind: 'refresh',
      refreshToken: 'r',
    });
    expect(read({ grant_type: DEVICE, device_code: 'd' })).toEqual({
      kind: 'device',
      deviceCode: 'd',
    });
  });

  it.each([
    [{}, 'invalid_request'],
    [{ grant_type: 'password', username: 'u', password: 'p' }, 'unsupported_grant_type'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [{ grant_type: 'toString' }, 'unsupported_grant_type'],
    [{ grant_type: 'device_code', device_code: 'd' }, 'unsupported_grant_type'],
    [{ grant_type: 'authorization_code', code: 'c', code_verifier: 'v' }, 'invalid_request'],
    [{ grant_type: 'authorization_code', code: 'c', redirect_uri: 'u' }, 'invalid_request'],
    [{ grant_type: 'refresh_token' }, 'invalid_request'],
    [{ grant_type: 'refresh_token', refresh_token: 'r', scope: 'write' }, 'invalid_scope'],
    [{ grant_type: 'refresh_token', refresh_token: 'r'.repeat(5_000) }, 'invalid_request'],
    [{ grant_type: DEVICE }, 'invalid_request'],
  ])('%j is refused with %s', (given, error) => {
    expect(read(given)).toMatchObject({ kind: 'refused', error });
  });

  it.each([
    {},
    { client_id: 'other' },
    { client_id: 'kfgw-cli', client_secret: 's' },
    { client_id: 'kfgw-cli', client_assertion: 'a' },
  ])('of a client that names itself by %j is none of ours', (given) => {
    const fault = clientFault(new Map(Object.entries(given)));
    expect(fault).toMatchObject({ error: 'invalid_client' });
  });
});
