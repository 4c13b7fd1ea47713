// The device flow: a code on one device, typed and allowed on another.
import type { Response } from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asked, decide, nextAddress, ownForm, post } from '../../../test/fixtures/asked-person.ts';
import { PagesBed } from '../../../test/fixtures/pages-bed.ts';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
let bed: PagesBed;

beforeEach(async () => {
  bed = await new PagesBed().open();
});
afterEach(() => bed.close());

interface Begun {
  readonly device_code: string;
  readonly user_code: string;
}

async function begin(form: Readonly<Record<string, string>> = {}): Promise<Begun> {
  const answer = await post(bed, '/oauth2/device_authorization', {
    client_id: 'kfgw-cli',
    ...form,
  });
  expect(answer.status).toBe(200);
  return answer.body as Begun;
}

function type(code: string, headers: Readonly<Record<string, string | undefined>> = {}) {
  const body = new URLSearchParams({ user_code: code }).toString();
  return bed.send('post', '/oauth2/device', { ...ownForm, ...headers }).send(body);
}

function poll({ device_code }: Begun): Promise<Response> {
  const form = { grant_type: DEVICE_GRANT, device_code, client_id: 'kfgw-cli' };
  return post(bed, '/oauth2/token', form);
}

describe('POST /oauth2/device_authorization', () => {
  it('gives a code to show, and where to type it', async () => {
    expect(await begin()).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}\.[\w-]{43}$/) as string,
      user_code: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/) as string,
      verification_uri: 'http://kf.example/oauth2/device',
      expires_in: 600,
      interval: 5,
    });
  });

  it('refuses a wish that cannot be granted', async () => {
    const form = { client_id: 'kfgw-cli', scope: 'admin' };
    const answer = await post(bed, '/oauth2/device_authorization', form);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: 'invalid_scope' });
  });

  it('is not had without end', async () => {
    for (let made = 0; made < 30; made++) await begin();
    const form = { client_id: 'kfgw-cli' };
    const answer = await post(bed, '/oauth2/device_authorization', form);
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.body).toMatchObject({ error: 'temporarily_unavailable' });
  });
});

describe('GET /oauth2/device', () => {
  it('asks for the code, in a window of its own alone', async () => {
    const page = await bed.navigate('/oauth2/device');
    expect(page.status).toBe(200);
    expect(page.text).toContain('<label for="user_code">');
    expect((await bed.navigate('/oauth2/device', { 'Sec-Fetch-Dest': 'iframe' })).status).toBe(403);
    expect((await bed.send('get', '/oauth2/device', { Host: 'kf.example' })).status).toBe(403);
  });

  it('takes no code from its address', async () => {
    const { user_code: code } = await begin();
    const page = await bed.navigate(`/oauth2/device?user_code=${code}`);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain(code);
    expect(bed.login.actions).toEqual([]);
  });
});

describe('a device', () => {
  it('gets a login when the person has typed its code, signed in anew and allowed it', async () => {
    const device = await begin({ scope: 'read', login_name: 'build server' });
    expect((await poll(device)).body).toMatchObject({ error: 'authorization_pending' });
    const begun = await type(` ${device.user_code.toLowerCase().replace('-', ' ')} `);
    expect(nextAddress(begun)?.origin).toBe('https://idp.example');
    const person = await asked(bed, 'jane@example.com');
    for (const shown of [device.user_code, 'build server', 'jane@example.com', 'kfgw-cli']) {
      expect(person.page.text).toContain(shown);
    }
    expect((await decide(bed, person, 'allow')).text).toContain('Your device is signed in');
    const answer = await poll(device);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'read' });
    expect((await poll(device)).body).toMatchObject({ error: 'invalid_grant' });
    expect(bed.personalTokens.kept).toEqual([]);
  });

  it('gets none when the person refuses', async () => {
    const device = await begin();
    await type(device.user_code);
    const page = await decide(bed, await asked(bed), 'refuse');
    expect(page.text).toContain('Your device is not signed in');
    expect((await poll(device)).body).toMatchObject({ error: 'access_denied' });
  });

  it('is told to slow down, and later that it came too late', async () => {
    const device = await begin();
    await poll(device);
    expect((await poll(device)).body).toMatchObject({ error: 'slow_down' });
    await bed.clock.advance(600_000);
    expect((await poll(device)).body).toMatchObject({ error: 'expired_token' });
  });

  it('that expired while the person signed in is not asked about any more', async () => {
    const device = await begin();
    await type(device.user_code);
    await bed.clock.advance(600_000);
    expect((await asked(bed)).page.text).toContain('user_code_unknown');
  });

  it('that expired while the page was open is not allowed', async () => {
    const device = await begin();
    await type(device.user_code);
    await bed.clock.advance(300_000);
    const person = await asked(bed);
    await bed.clock.advance(300_000);
    expect((await decide(bed, person, 'allow')).text).toContain('user_code_unknown');
  });
});

describe('POST /oauth2/device', () => {
  it.each(['', 'BBBB-BBBB', 'no code', 'B'.repeat(5_000)])('knows no code %j', async (code) => {
    const answer = await type(code);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('user_code_unknown');
    // A typing error: the code is still good.
    expect(answer.text).toContain('href="/oauth2/device"');
    expect(bed.login.actions).toEqual([]);
  });

  it('lets nobody guess for long', async () => {
    for (let guess = 0; guess < 20; guess++) await type('BBBB-BBBB');
    const { user_code: code } = await begin();
    const answer = await type(code);
    expect(answer.status).toBe(429);
    await bed.clock.advance(3_000);
    expect(nextAddress(await type(code))?.origin).toBe('https://idp.example');
  });

  it.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a sibling of ours', { 'Sec-Fetch-Site': 'same-site' }],
    ['a script', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }],
    ['a frame', { 'Sec-Fetch-Dest': 'iframe' }],
  ])('takes no code from %s', async (_, headers) => {
    const { user_code: code } = await begin();
    expect((await type(code, headers)).status).toBe(403);
    expect(bed.login.actions).toEqual([]);
  });
});
