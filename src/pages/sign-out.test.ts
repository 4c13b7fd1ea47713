import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookiesSet, PagesBed } from '../../test/fixtures/pages-bed.ts';

const fromDashboard = { 'Sec-Fetch-Site': 'same-origin' };
const clearedSession =
  'kfgw=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax';
let bed: PagesBed;
let cookie: string;

beforeEach(async () => {
  bed = await new PagesBed().open();
  cookie = await bed.signIn();
});
afterEach(() => bed.close());

async function isSignedIn(): Promise<boolean> {
  return (await bed.send('get', '/oauth2/userinfo', { Cookie: cookie })).status === 200;
}

describe.each(['/oauth2/sign_out', '/logout'])('GET %s', (path) => {
  it('signs out when a page of our own origin navigates there', async () => {
    const answer = await bed.navigate(path, { ...fromDashboard, Cookie: cookie });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('You are signed out');
    expect(cookiesSet(answer)).toEqual([clearedSession]);
    expect(await isSignedIn()).toBe(false);
  });

  it.each([
    ['a typed address', { 'Sec-Fetch-Site': 'none' }],
    ['a link on another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a link on a sibling host', { 'Sec-Fetch-Site': 'same-site' }],
    ['a frame of our own', { ...fromDashboard, 'Sec-Fetch-Dest': 'iframe' }],
    [
      'an image of our own',
      { ...fromDashboard, 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Mode': 'no-cors' },
    ],
    [
      'plain http without a word',
      { 'Sec-Fetch-Site': undefined, 'Sec-Fetch-Mode': undefined, 'Sec-Fetch-Dest': undefined },
    ],
    [
      'plain http from elsewhere',
      { 'Sec-Fetch-Site': undefined, Referer: 'http://evil.example/http://kf.example/' },
    ],
  ])('asks first on %s', async (_, headers) => {
    const answer = await bed.navigate(path, { ...headers, Cookie: cookie });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('<form method="post" action="/oauth2/sign_out">');
    expect(answer.headers['content-security-policy']).toContain(
      "form-action 'self' https://idp.example; frame-ancestors 'none'",
    );
    expect(cookiesSet(answer)).toEqual([]);
    expect(await isSignedIn()).toBe(true);
  });

  it('knows its own origin by the Referer on plain http', async () => {
    const headers = { 'Sec-Fetch-Site': undefined, Referer: 'http://kf.example/_/jupyter/' };
    await bed.navigate(path, { ...headers, Cookie: cookie });
    expect(await isSignedIn()).toBe(false);
  });

  it('does nothing for HEAD', async () => {
    await bed.send('head', path, { ...fromDashboard, Cookie: cookie });
    expect(await isSignedIn()).toBe(true);
  });
});

describe('POST /oauth2/sign_out', () => {
  it.each([
    ['same-origin by Sec-Fetch-Site', fromDashboard],
    ['same-origin by Origin', { Origin: 'http://kf.example' }],
  ])('signs out: %s', async (_, headers) => {
    const answer = await bed.send('post', '/oauth2/sign_out', { ...headers, Cookie: cookie });
    expect(answer.status).toBe(200);
    expect(cookiesSet(answer)).toEqual([clearedSession]);
    expect(await isSignedIn()).toBe(false);
  });

  it.each([
    ['another site', { Origin: 'https://evil.example' }],
    ['a sandboxed frame', { Origin: 'null' }],
    ['a sibling host', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://other.kf.example' }],
    ['nobody who says so', {}],
  ])('refuses with a page that asks: %s', async (_, headers) => {
    const answer = await bed.send('post', '/oauth2/sign_out', { ...headers, Cookie: cookie });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('<form method="post" action="/oauth2/sign_out">');
    expect(cookiesSet(answer)).toEqual([]);
    expect(await isSignedIn()).toBe(true);
  });

  it('goes to the provider with the tokens of the session, where it has a place for that', async () => {
    bed.login.signOutAt = 'https://idp.example/logout?id_token_hint=t';
    const answer = await bed.send('post', '/oauth2/sign_out', { ...fromDashboard, Cookie: cookie });
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toBe('https://idp.example/logout?id_token_hint=t');
    expect(bed.login.signedOut).toHaveLength(1);
    expect(bed.login.signedOut[0]).toMatchObject({
      sub: 'sub-of-user@example.com',
      providerSid: 'sid-of-user@example.com',
    });
    expect(await isSignedIn()).toBe(false);
  });
});

describe('rd of a sign-out', () => {
  it('is where the person goes on to', async () => {
    const path = '/oauth2/sign_out?rd=%2Fbye%3Fa%3Db';
    const answer = await bed.navigate(path, { ...fromDashboard, Cookie: cookie });
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe('/bye?a=b');
  });

  it('survives the page that asks', async () => {
    const answer = await bed.navigate('/logout?rd=%2Fbye%3Fa%3Db', { Cookie: cookie });
    expect(answer.text).toContain('action="/oauth2/sign_out?rd=%2Fbye%3Fa%3Db"');
  });

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'is ignored when it leaves the site: %s',
    async (rd) => {
      const path = `/oauth2/sign_out?rd=${encodeURIComponent(rd)}`;
      const answer = await bed.navigate(path, { ...fromDashboard, Cookie: cookie });
      expect(answer.status).toBe(200);
      expect(answer.headers['location']).toBeUndefined();
      expect(answer.text).not.toContain('evil');
      expect(await isSignedIn()).toBe(false);
    },
  );
});

describe('a sign-out without a live session', () => {
  it('shows the signed-out page wherever it comes from', async () => {
    const answer = await bed.navigate('/oauth2/sign_out');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('You are signed out');
    expect(cookiesSet(answer)).toEqual([]);
  });

  it('clears a cookie that names nothing any more', async () => {
    await bed.navigate('/oauth2/sign_out', { ...fromDashboard, Cookie: cookie });
    const again = await bed.navigate('/oauth2/sign_out', { ...fromDashboard, Cookie: cookie });
    expect(again.status).toBe(200);
    expect(cookiesSet(again)).toEqual([clearedSession]);
  });

  it('clears the cookie on https with the attributes it was set with', async () => {
    const secure = await new PagesBed({ secureCookies: true }).open();
    try {
      const answer = await secure.navigate('/oauth2/sign_out', { Cookie: '__Host-kfgw=stale' });
      expect(cookiesSet(answer)).toEqual([
        '__Host-kfgw=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
      ]);
    } finally {
      await secure.close();
    }
  });
});

describe('a sign-out while the session store is down', () => {
  it('answers 503, keeps the cookie and the session', async () => {
    bed.store.health = 'down';
    const answer = await bed.navigate('/oauth2/sign_out', { ...fromDashboard, Cookie: cookie });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.text).toContain('session_store_unavailable');
    expect(cookiesSet(answer)).toEqual([]);
    bed.store.health = 'up';
    expect(await isSignedIn()).toBe(true);
  });

  it('answers a session that this replica does not know alike', async () => {
    bed.store.health = 'down';
    const headers = { ...fromDashboard, Cookie: bed.unknownCookie() };
    const answer = await bed.navigate('/oauth2/sign_out', headers);
    expect(answer.status).toBe(503);
    expect(cookiesSet(answer)).toEqual([]);
  });

  it('answers a posted form with a page', async () => {
    bed.store.health = 'down';
    const answer = await bed.send('post', '/oauth2/sign_out', {
      ...fromDashboard,
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
      Cookie: cookie,
    });
    expect(answer.status).toBe(503);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  });
});
