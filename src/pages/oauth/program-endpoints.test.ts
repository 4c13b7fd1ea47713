// What the endpoints for programs take and refuse, and what the server says of itself.
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { post } from '../../../test/fixtures/asked-person.ts';
import { PagesBed } from '../../../test/fixtures/pages-bed.ts';

let bed: PagesBed;
const scope = { effect: 'read', classes: undefined, namespaces: undefined } as const;
const wish = { name: 'laptop', scope: { ...scope, allMyPipelines: false }, lifetimeMs: 3_600_000 };
const METADATA = '/.well-known/oauth-authorization-server';

beforeEach(async () => {
  bed = await new PagesBed().open();
});
afterEach(() => bed.close());

async function refreshToken(): Promise<string> {
  const created = await bed.personalTokens.createLogin('person-1', wish);
  return created.kind === 'created' ? created.login.refreshToken : '';
}

describe('POST /oauth2/token', () => {
  it('gives the next login for a refresh token', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: await refreshToken() };
    const answer = await post(bed, '/oauth2/token', { ...form, client_id: 'kfgw-cli' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ refresh_token: 'kfgwr_scripted4', scope: 'read' });
    const again = await post(bed, '/oauth2/token', { ...form, client_id: 'kfgw-cli' });
    expect(again.status).toBe(400);
    expect(again.body).toMatchObject({ error: 'invalid_grant' });
  });

  it.each([
    ['no grant', 'client_id=kfgw-cli', {}, 'invalid_request'],
    ['a repeated parameter', 'client_id=kfgw-cli&grant_type=a&grant_type=a', {}, 'invalid_request'],
    ['JSON', '{"client_id":"kfgw-cli"}', { 'Content-Type': 'application/json' }, 'invalid_request'],
    ['a compressed form', 'client_id=kfgw-cli', { 'Content-Encoding': 'gzip' }, 'invalid_request'],
    ['an endless form', `client_id=kfgw-cli&x=${'a'.repeat(9_000)}`, {}, 'invalid_request'],
    ['a form that is not UTF-8', 'client_id=kfgw-cli&x=%ff', {}, 'invalid_request'],
    ['an unknown grant', 'client_id=kfgw-cli&grant_type=password', {}, 'unsupported_grant_type'],
  ])('refuses %s', async (_, body, headers, error) => {
    const answer = await post(bed, '/oauth2/token', body, headers);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['no form', '', {}],
    ['no client', 'grant_type=refresh_token&refresh_token=r', {}],
    ['another client', 'client_id=other&grant_type=refresh_token&refresh_token=r', {}],
    ['a client with a secret', 'client_id=kfgw-cli&client_secret=s&grant_type=refresh_token', {}],
    ['credentials in a header', 'client_id=kfgw-cli', { Authorization: 'Basic a2Znd2NsaTo=' }],
    ['a bearer token', 'client_id=kfgw-cli', { Authorization: 'Bearer kfgw_x' }],
  ])('refuses %s', async (_, body, headers) => {
    const answer = await post(bed, '/oauth2/token', body, headers);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    expect(answer.body).toMatchObject({ error: 'invalid_client' });
  });

  it.each([
    { Origin: 'http://kf.example' },
    { Origin: 'https://evil.example' },
    { 'Sec-Fetch-Site': 'same-origin' },
  ])('is not for scripts in browsers (%j)', async (headers) => {
    const form = { grant_type: 'refresh_token', refresh_token: await refreshToken() };
    const whole = { ...form, client_id: 'kfgw-cli' };
    const answer = await post(bed, '/oauth2/token', whole, headers);
    expect(answer.status).toBe(400);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(bed.personalTokens.kept[0]?.secrets).toContain(form.refresh_token);
  });

  it('answers 503 that clients can read while the store is silent', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: await refreshToken() };
    bed.personalTokens.isDown = true;
    const answer = await post(bed, '/oauth2/token', { ...form, client_id: 'kfgw-cli' });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.body).toMatchObject({ error: 'temporarily_unavailable' });
    bed.personalTokens.isDown = false;
    const later = await post(bed, '/oauth2/token', { ...form, client_id: 'kfgw-cli' });
    expect(later.status).toBe(200);
  });

  it('does not wait for a form that never comes', async () => {
    const socket = connect(bed.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
    const type = 'Content-Type: application/x-www-form-urlencoded';
    const lines = ['POST /oauth2/token HTTP/1.1', 'Host: kf.example', 'Content-Length: 20', type];
    socket.write(`${[...lines, '', ''].join('\r\n')}client`);
    await expect.poll(() => bed.isReadingBody).toBe(true);
    await bed.clock.advance(10_000);
    await closed;
  });

  it('answers no other method', async () => {
    for (const method of ['get', 'put', 'options'] as const) {
      const answer = await bed.send(method, '/oauth2/token', { Host: 'kf.example' });
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe('POST');
    }
  });
});

describe('POST /oauth2/revoke', () => {
  it('ends a login, and says the same of what is none', async () => {
    const token = await refreshToken();
    for (const given of [token, token, 'kfgw_nonsense']) {
      const form = { client_id: 'kfgw-cli', token: given, token_type_hint: 'refresh_token' };
      expect((await post(bed, '/oauth2/revoke', form)).status).toBe(200);
    }
    expect(bed.personalTokens.kept).toEqual([]);
  });

  it('asks for a token, and for a client', async () => {
    const noToken = await post(bed, '/oauth2/revoke', { client_id: 'kfgw-cli' });
    expect(noToken.body).toMatchObject({ error: 'invalid_request' });
    const noClient = await post(bed, '/oauth2/revoke', { token: 'kfgw_x' });
    expect(noClient.body).toMatchObject({ error: 'invalid_client' });
  });

  it('says that it could not, when it could not', async () => {
    bed.personalTokens.isDown = true;
    const answer = await post(bed, '/oauth2/revoke', { client_id: 'kfgw-cli', token: 'kfgw_x' });
    expect(answer.status).toBe(503);
  });
});

describe('GET /.well-known/oauth-authorization-server', () => {
  it('names the issuer by which it was asked, and its endpoints', async () => {
    const answer = await bed.send('get', METADATA, { Host: 'kf.example' });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body).toEqual({
      issuer: 'http://kf.example',
      authorization_endpoint: 'http://kf.example/oauth2/authorize',
      token_endpoint: 'http://kf.example/oauth2/token',
      device_authorization_endpoint: 'http://kf.example/oauth2/device_authorization',
      revocation_endpoint: 'http://kf.example/oauth2/revoke',
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      scopes_supported: ['read', 'write', 'pipelines:all-my-namespaces'],
    });
  });

  it('is that of no other host', async () => {
    const answer = await bed.send('get', METADATA, { Host: 'evil.example' });
    expect(answer.status).toBe(421);
    expect(answer.text).not.toContain('issuer');
  });
});
