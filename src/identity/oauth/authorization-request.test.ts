import { describe, expect, it } from 'vitest';
import { answerAddress, readAuthorizationRequest } from './authorization-request.ts';

const MAX_MS = 90 * 86_400_000;
const good = {
  response_type: 'code',
  client_id: 'kfgw-cli',
  redirect_uri: 'http://127.0.0.1:49152/callback',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  state: 'x y"\\~',
};

function read(changes: Readonly<Record<string, string | undefined>> = {}, more = '') {
  const given: Readonly<Record<string, string | undefined>> = { ...good, ...changes };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, value);
  }
  return readAuthorizationRequest(query.toString() + more, MAX_MS);
}

describe('an authorization request', () => {
  it('is read', () => {
    expect(read({ scope: 'read', login_name: 'laptop', login_lifetime: '60' })).toEqual({
      kind: 'request',
      request: {
        name: 'laptop',
        scope: 'read',
        lifetimeMs: 60_000,
        redirectUri: good.redirect_uri,
        codeChallenge: good.code_challenge,
        state: good.state,
      },
    });
  });

  it('needs no state, and ignores parameters that it does not know', () => {
    expect(read({ state: undefined, prompt: 'login' })).toMatchObject({
      kind: 'request',
      request: { state: undefined },
    });
  });

  it.each([
    ['of another client', { client_id: 'kubeflow-oidc-authservice' }],
    ['of no client', { client_id: undefined }],
    ['that comes back elsewhere', { redirect_uri: 'https://evil.example/callback' }],
    ['that comes back nowhere', { redirect_uri: undefined }],
    ['with a state that is too long', { state: 's'.repeat(201) }],
    ['with a state of other characters', { state: 'ä' }],
  ])('%s is told to nobody but the person', (_, changes) => {
    expect(read(changes)).toEqual({ kind: 'foreign' });
  });

  it.each([
    '&redirect_uri=https%3A%2F%2Fevil.example',
    '&client_id=kfgw-cli',
    '&scope=read&scope=',
  ])('with a repeated parameter (%s) is told to nobody but the person', (more) => {
    expect(read({}, more)).toEqual({ kind: 'foreign' });
  });

  it.each([
    ['without response_type', { response_type: undefined }, 'invalid_request'],
    ['for a token', { response_type: 'token' }, 'unsupported_response_type'],
    ['for more than a code', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['answered in a fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['without a challenge', { code_challenge: undefined }, 'invalid_request'],
    ['with a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['with a challenge of no method', { code_challenge_method: undefined }, 'invalid_request'],
    ['with a short challenge', { code_challenge: 'abc' }, 'invalid_request'],
    ['with an unknown scope', { scope: 'admin' }, 'invalid_scope'],
    ['that lives too long', { login_lifetime: '999999999' }, 'invalid_request'],
  ])('%s is refused, and the program is told', (_, changes, error) => {
    expect(read(changes)).toMatchObject({
      kind: 'refused',
      refusal: { error },
      to: { redirectUri: good.redirect_uri, state: good.state },
    });
  });

  it('is answered with its state and the issuer', () => {
    const to = { redirectUri: 'http://[::1]:1/callback', state: good.state };
    const address = new URL(answerAddress(to, 'https://kf.example', { code: 'c&d' }));
    expect(address.origin + address.pathname).toBe('http://[::1]:1/callback');
    expect(Object.fromEntries(address.searchParams)).toEqual({
      code: 'c&d',
      state: good.state,
      iss: 'https://kf.example',
    });
  });
});
