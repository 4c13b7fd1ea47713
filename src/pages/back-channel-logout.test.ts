import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PagesBed } from '../../test/fixtures/pages-bed.ts';

const path = '/oauth2/backchannel-logout';
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
let bed: PagesBed;
let cookie: string;

beforeEach(async () => {
  bed = await new PagesBed().open();
  cookie = await bed.signIn();
  bed.login.logoutToken = {
    kind: 'verified',
    jti: 'j-1',
    expiresAtMs: bed.clock.nowMs() + 120_000,
    selector: {
      issuer: 'https://idp.example',
      clientId: 'kubeflow-oidc-authservice',
      sub: 'sub-of-user@example.com',
      providerSid: undefined,
    },
  };
});
afterEach(() => bed.close());

async function isSignedIn(): Promise<boolean> {
  return (await bed.send('get', '/oauth2/userinfo', { Cookie: cookie })).status === 200;
}

describe('POST /oauth2/backchannel-logout', () => {
  it('ends the sessions that a verified message names', async () => {
    const answer = await bed.send('post', path, form).send('logout_token=t.t.t');
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(bed.login.logoutTokens).toEqual(['t.t.t']);
    expect(await isSignedIn()).toBe(false);
    expect(bed.log).toContainEqual(
      expect.objectContaining({ message: 'Somebody was signed out by the provider.' }),
    );
  });

  it('refuses a replay', async () => {
    await bed.send('post', path, form).send('logout_token=t.t.t');
    cookie = await bed.signIn();
    const answer = await bed.send('post', path, form).send('logout_token=t.t.t');
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ error: 'invalid_request' });
    expect(await isSignedIn()).toBe(true);
  });

  it('refuses a message that is not verified', async () => {
    bed.login.logoutToken = { kind: 'refused' };
    const answer = await bed.send('post', path, form).send('logout_token=t.t.t');
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await isSignedIn()).toBe(true);
  });

  it('asks to try again later when the message cannot be judged', async () => {
    bed.login.logoutToken = { kind: 'unavailable' };
    const answer = await bed.send('post', path, form).send('logout_token=t.t.t');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(await isSignedIn()).toBe(true);
  });

  it('asks to try again later when sessions cannot be ended', async () => {
    bed.store.health = 'down';
    const answer = await bed.send('post', path, { ...form, Accept: '*/*' }).send('logout_token=t');
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ code: 'session_store_unavailable' });
  });

  it('is heard when the store comes back in the middle of it', async () => {
    bed.store.after = (operation) => {
      if (operation === 'sessionsOfPerson') bed.store.health = 'down';
      return Promise.resolve();
    };
    expect((await bed.send('post', path, form).send('logout_token=t')).status).toBe(503);
    bed.store.after = () => Promise.resolve();
    bed.store.health = 'up';
    const again = await bed.send('post', path, form).send('logout_token=t');
    expect(again.status).toBe(200);
    expect(await isSignedIn()).toBe(false);
  });

  it.each([
    ['no body', form, ''],
    ['no token', form, 'other=1'],
    ['two tokens', form, 'logout_token=a&logout_token=b'],
    ['another media type', { 'Content-Type': 'application/json' }, '{"logout_token":"t"}'],
    ['an endless token', form, `logout_token=${'a'.repeat(70_000)}`],
    ['a compressed body', { ...form, 'Content-Encoding': 'gzip' }, 'logout_token=t'],
  ])('refuses %s', async (_, headers, body) => {
    const answer = await bed.send('post', path, headers).send(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ error: 'invalid_request' });
    expect(bed.login.logoutTokens).toEqual([]);
    expect(await isSignedIn()).toBe(true);
  });

  it('does not wait for a body that never comes', async () => {
    const socket = connect(bed.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
    const lines = [`POST ${path} HTTP/1.1`, 'Host: kf.example', 'Content-Length: 20'];
    socket.write(
      `${[...lines, `Content-Type: ${form['Content-Type']}`, '', ''].join('\r\n')}logout`,
    );
    await expect.poll(() => bed.isReadingBody).toBe(true);
    await bed.clock.advance(10_000);
    await closed;
    expect(bed.login.logoutTokens).toEqual([]);
  });
});
