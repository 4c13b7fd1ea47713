import { afterEach, describe, expect, it } from 'vitest';
import { cookiesSet, PagesBed } from '../../test/fixtures/pages-bed.ts';

let bed: PagesBed;

afterEach(() => bed.close());

describe('GET /oauth2/start', () => {
  it('sends a navigation to the provider and remembers where it wanted to go', async () => {
    bed = await new PagesBed().open();
    const rd = encodeURIComponent('/pipeline/?ns=a#/runs/1');
    const answer = await bed.navigate(`/oauth2/start?rd=${rd}`);
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe('https://idp.example/auth?state=s');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(cookiesSet(answer)).toEqual(['kfgw-login-0=sealed; Path=/; HttpOnly; SameSite=Lax']);
    expect(bed.login.begun).toEqual(['/pipeline/?ns=a#/runs/1']);
  });

  it('returns to the start page when nothing else is asked for', async () => {
    bed = await new PagesBed().open();
    await bed.navigate('/oauth2/start');
    expect(bed.login.begun).toEqual(['/']);
  });

  it('starts a sign-in on plain http too, where browsers tell nothing but what they accept', async () => {
    bed = await new PagesBed().open();
    const answer = await bed.send('get', '/oauth2/start', { Accept: 'text/html,*/*;q=0.8' });
    expect(answer.status).toBe(302);
  });

  it('starts a sign-in for a script that takes anything, as curl does', async () => {
    bed = await new PagesBed().open();
    const answer = await bed.send('get', '/oauth2/start', { Accept: '*/*' });
    expect(answer.status).toBe(302);
  });

  it.each([
    { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script', Accept: '*/*' },
    { 'X-Requested-With': 'XMLHttpRequest', Accept: '*/*' },
    { Accept: 'application/json' },
  ])('starts none for what a page of a browser loads: %j', async (headers) => {
    bed = await new PagesBed().open();
    expect((await bed.send('get', '/oauth2/start', headers)).status).toBe(401);
    expect(bed.login.begun).toEqual([]);
  });

  it('gives a frame a page that leads to the top instead', async () => {
    bed = await new PagesBed().open();
    const answer = await bed.navigate('/oauth2/start?rd=/jupyter/', { 'Sec-Fetch-Dest': 'iframe' });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('href="/oauth2/start?rd=%2Fjupyter%2F" target="_top"');
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'self'");
    expect(bed.login.begun).toEqual([]);
  });

  it('gives a program a problem document and no redirect', async () => {
    bed = await new PagesBed().open();
    const answer = await bed.send('get', '/oauth2/start', { 'Sec-Fetch-Mode': 'cors' });
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'sign_in_required', login_url: '/oauth2/start' });
    expect(bed.login.begun).toEqual([]);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/oauth2/sign_out',
    '',
  ])('refuses to return to %j', async (rd) => {
    bed = await new PagesBed().open();
    const answer = await bed.navigate(`/oauth2/start?rd=${encodeURIComponent(rd)}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('return_address_refused');
    expect(answer.text).not.toContain('evil');
    expect(bed.login.begun).toEqual([]);
  });

  it('refuses two return addresses', async () => {
    bed = await new PagesBed().open();
    const answer = await bed.navigate('/oauth2/start?rd=/a&rd=/b');
    expect(answer.status).toBe(400);
  });

  it('sends who is signed in straight on', async () => {
    bed = await new PagesBed().open();
    const cookie = await bed.signIn();
    const answer = await bed.navigate('/oauth2/start?rd=%2Fjupyter%2F', { Cookie: cookie });
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe('/jupyter/');
    expect(bed.login.begun).toEqual([]);
  });

  it('says that the provider is away, and tries again by itself', async () => {
    bed = await new PagesBed().open();
    bed.login.beginning = { kind: 'unavailable', retryAfterSec: 7 };
    const answer = await bed.navigate('/oauth2/start?rd=%2Fjupyter%2F');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('7');
    expect(answer.text).toContain('provider_unavailable');
    expect(answer.text).toContain(
      '<meta http-equiv="refresh" content="7; url=/oauth2/start?rd=%2Fjupyter%2F">',
    );
  });

  it('begins nothing while an unknown session cannot be read', async () => {
    bed = await new PagesBed().open();
    bed.store.health = 'down';
    const answer = await bed.navigate('/oauth2/start', { Cookie: bed.unknownCookie() });
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('session_store_unavailable');
    expect(cookiesSet(answer)).toEqual([]);
    expect(bed.login.begun).toEqual([]);
  });
});

describe('GET /oauth2/start with keepFragment', () => {
  const path = '/oauth2/start?rd=%2F_%2Fpipeline%2F';

  it('first answers a page that works with and without scripts', async () => {
    bed = await new PagesBed({ keepFragment: true }).open();
    const answer = await bed.navigate(path);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('src="/oauth2/static/keep-fragment.js"');
    expect(answer.text).toContain('content="0; url=/oauth2/start?rd=%2F_%2Fpipeline%2F&amp;go=1"');
    expect(answer.text).toContain('id="continue"');
    expect(answer.headers['content-security-policy']).toContain("script-src 'self'");
    expect(bed.login.begun).toEqual([]);
  });

  it('then goes on with the fragment', async () => {
    bed = await new PagesBed({ keepFragment: true }).open();
    const rd = encodeURIComponent('/_/pipeline/#/runs/details/1');
    const answer = await bed.navigate(`/oauth2/start?rd=${rd}&go=1`);
    expect(answer.status).toBe(302);
    expect(bed.login.begun).toEqual(['/_/pipeline/#/runs/details/1']);
  });
});
