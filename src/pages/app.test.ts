import { afterEach, describe, expect, it } from 'vitest';
import { cookiesSet, PagesBed } from '../../test/fixtures/pages-bed.ts';

let bed: PagesBed;

afterEach(() => bed.close());

describe('own paths', () => {
  it.each([
    ['/oauth2/start', true],
    ['/oauth2/unknown', true],
    ['/oauth2/', true],
    ['/logout', true],
    ['/.well-known/jwks.json', true],
    ['/oauth2', false],
    ['/OAuth2/start', false],
    ['/%6fauth2/start', false],
    ['/logout/', false],
    ['/', false],
    ['/.well-known/other', false],
  ])('%s: %s', async (path, isOwn) => {
    bed = await new PagesBed().open();
    expect(bed.pages.owns(path)).toBe(isOwn);
  });

  it.each(['/oauth2/auth', '/oauth2/', '/oauth2/start/', '/oauth2/START', '/oauth2/static/x.css'])(
    'answers 404 at %s, which is not there',
    async (path) => {
      bed = await new PagesBed().open();
      const page = await bed.navigate(path);
      expect(page.status).toBe(404);
      expect(page.text).toContain('<code>not_found</code>');
      const problem = await bed.send('get', path, { Accept: 'application/json' });
      expect(problem.status).toBe(404);
      expect(problem.body).toMatchObject({ code: 'not_found' });
    },
  );

  it.each([
    ['/oauth2/start', 'GET, HEAD'],
    ['/oauth2/callback', 'GET, HEAD'],
    ['/oauth2/sign_in', 'GET, HEAD'],
    ['/oauth2/sign_out', 'GET, HEAD, POST'],
    ['/logout', 'GET, HEAD'],
    ['/oauth2/userinfo', 'GET, HEAD'],
    ['/oauth2/backchannel-logout', 'POST'],
    ['/.well-known/jwks.json', 'GET, HEAD'],
    ['/oauth2/static/page.css', 'GET, HEAD'],
  ])('%s takes %s', async (path, allow) => {
    bed = await new PagesBed().open();
    for (const method of [allow === 'POST' ? 'get' : 'put', 'options'] as const) {
      const answer = await bed.send(method, path);
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe(allow);
    }
  });

  it.each([
    '/oauth2/start',
    '/oauth2/sign_in',
    '/.well-known/jwks.json',
    '/oauth2/static/page.css',
  ])('HEAD %s has the status and headers of GET', async (path) => {
    bed = await new PagesBed().open();
    const same = { Accept: 'text/html', Host: 'kf.example', 'X-Request-Id': 'r-1' };
    const get = await bed.navigate(path, same);
    const head = await bed.send('head', path, same);
    expect(head.status).toBe(get.status);
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });
});

describe('GET /oauth2/sign_in', () => {
  it('leads to the sign-in and back', async () => {
    bed = await new PagesBed().open();
    const answer = await bed.navigate('/oauth2/sign_in?rd=%2Fjupyter%2F');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('href="/oauth2/start?rd=%2Fjupyter%2F">Sign in</a>');
  });

  it('refuses to lead back to another site', async () => {
    bed = await new PagesBed().open();
    const answer = await bed.navigate('/oauth2/sign_in?rd=https:%2F%2Fevil.example');
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('return_address_refused');
  });
});

describe('GET /.well-known/jwks.json', () => {
  it('publishes the keys of now, for caches too', async () => {
    let keys = '{"keys":["a"]}';
    bed = await new PagesBed({ jwks: () => ({ body: keys }) }).open();
    const first = await bed.send('get', '/.well-known/jwks.json');
    expect(first.status).toBe(200);
    expect(first.headers['content-type']).toBe('application/jwk-set+json');
    expect(first.headers['cache-control']).toBe('public, max-age=300');
    expect(first.body).toEqual({ keys: ['a'] });
    keys = '{"keys":["b"]}';
    expect((await bed.send('get', '/.well-known/jwks.json')).body).toEqual({ keys: ['b'] });
  });
});

describe('static files', () => {
  it.each([
    ['/oauth2/static/page.css', 'text/css; charset=utf-8'],
    ['/oauth2/static/keep-fragment.js', 'text/javascript; charset=utf-8'],
    ['/oauth2/static/unhurried.js', 'text/javascript; charset=utf-8'],
  ])('%s is cached and revalidated', async (path, type) => {
    bed = await new PagesBed().open();
    const answer = await bed.send('get', path);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.headers['cache-control']).toBe('public, max-age=3600');
    const etag = answer.headers['etag'];
    const again = await bed.send('get', path, { 'If-None-Match': etag });
    expect(again.status).toBe(304);
    expect(again.headers['etag']).toBe(etag);
  });
});

describe('every page', () => {
  const paths = [
    '/oauth2/start',
    '/oauth2/callback',
    '/oauth2/sign_in',
    '/oauth2/sign_out',
    '/logout',
    '/oauth2/nothing-here',
  ];
  const hostile = [
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    'javascript:alert(1)',
    '</title><svg/onload=alert(1)>',
    '{{"evalu"+"ated"}}<%= "evalu"+"ated" %>',
    '\u2028alert(1)//',
    'x\r\nSet-Cookie: planted=1',
  ];

  it.each(paths)(
    '%s has a strict policy and may not be guessed, cached or framed',
    async (path) => {
      bed = await new PagesBed().open();
      bed.login.beginning = { kind: 'unavailable', retryAfterSec: 5 };
      bed.login.completion = {
        kind: 'refused',
        reason: 'login_failed',
        returnTo: undefined,
        setCookies: [],
      };
      const { headers } = await bed.navigate(path, { 'X-Request-Id': 'r-1' });
      const ancestors = path === '/oauth2/start' ? 'self' : 'none';
      expect(headers['content-security-policy']).toBe(
        `default-src 'none'; style-src 'self'; form-action 'self' https://idp.example; frame-ancestors '${ancestors}'; base-uri 'none'`,
      );
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': path.startsWith('/oauth2/callback') ? 'no-referrer' : 'same-origin',
        'x-content-type-options': 'nosniff',
        'x-request-id': 'r-1',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.toHaveProperty('x-powered-by');
    },
  );

  it.each(paths.flatMap((path) => hostile.map((value) => [path, value])))(
    '%s reflects nothing of %j',
    async (path, hostileText) => {
      bed = await new PagesBed().open();
      bed.login.beginning = { kind: 'unavailable', retryAfterSec: 5 };
      const refused = { kind: 'refused', reason: 'login_refused_by_provider' } as const;
      const value = encodeURIComponent(hostileText);
      const rest = `error=${value}&error_description=${value}&state=${value}`;
      const cookie = await bed.signIn();
      bed.login.completion = { ...refused, returnTo: `/${value}`, setCookies: [] };
      for (const [rd, headers] of [
        [value, {}],
        [`%2F${value}`, {}],
        [`%2F${value}`, { Cookie: cookie }],
        [`%2F${value}`, { 'Sec-Fetch-Dest': 'iframe' }],
      ] as const) {
        const answer = await bed.navigate(`${path}?rd=${rd}&${rest}`, {
          ...headers,
          Host: 'kf.example',
          Referer: `http://kf.example/${value}`,
          'X-Request-Id': hostileText.replace(/[^\x20-\x7e]/g, ''),
          'X-Forwarded-Host': 'evil.example',
          'X-Forwarded-Proto': 'javascript',
        });
        const text = answer.text.replaceAll(String(answer.headers['x-request-id']), '');
        expect(text).not.toMatch(/<script|<img|<svg|=["']?javascript:|evaluated|\u2028|evil/i);
        expect(answer.headers['location'] ?? '/').toMatch(/^\/(?![/\\])/);
        expect(cookiesSet(answer).join()).not.toContain('planted');
      }
    },
  );

  it('takes no part of Host or X-Forwarded-* into a Location', async () => {
    bed = await new PagesBed({ publicOrigins: [] }).open();
    const cookie = await bed.signIn();
    const answer = await bed.navigate('/oauth2/start?rd=%2Fa', {
      Cookie: cookie,
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'https',
    });
    expect(answer.headers['location']).toBe('/a');
  });
});

describe('limits per client', () => {
  it.each(['/oauth2/start', '/oauth2/callback'])('%s refuses who asks too often', async (path) => {
    bed = await new PagesBed({ loginPerMinute: 2 }).open();
    const refused = { kind: 'refused', reason: 'login_failed' } as const;
    bed.login.completion = { ...refused, returnTo: undefined, setCookies: [] };
    await bed.navigate(path);
    await bed.navigate('/oauth2/start');
    const answer = await bed.navigate(path);
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('30');
    expect(answer.text).toContain('<code>too_many_requests</code>');
    await bed.clock.advance(30_000);
    expect((await bed.navigate(path)).status).not.toBe(429);
  });

  it('does not count the pages that cost nothing', async () => {
    bed = await new PagesBed({ loginPerMinute: 1 }).open();
    for (let i = 0; i < 5; i++) expect((await bed.navigate('/oauth2/sign_in')).status).toBe(200);
  });

  it('limits logout messages by themselves', async () => {
    bed = await new PagesBed({ loginPerMinute: 1, logoutPerMinute: 1 }).open();
    await bed.navigate('/oauth2/start');
    const path = '/oauth2/backchannel-logout';
    expect((await bed.send('post', path)).status).toBe(400);
    const answer = await bed.send('post', path, { Accept: '*/*' });
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({ code: 'too_many_requests' });
  });
});

describe('stand-ins for doors', () => {
  const view = { reason: 'session_ended', requestId: 'r-1', returnTo: '/jupyter/?ns=a' } as const;

  it('lead a frame to the top', async () => {
    bed = await new PagesBed().open();
    const { headers, body } = bed.pages.framePage(view);
    expect(body).toContain('href="/oauth2/start?rd=%2Fjupyter%2F%3Fns%3Da" target="_top"');
    expect(body).toContain('<code>session_ended</code>');
    expect(headers['Content-Security-Policy']).toContain("frame-ancestors 'self'");
  });

  it('say the same to a person and to a program', async () => {
    bed = await new PagesBed().open();
    const page = bed.pages.errorPage({ ...view, reason: 'upstream_unreachable' });
    expect(page.body).toContain('<code>upstream_unreachable</code>');
    expect(page.body).toContain('href="/jupyter/?ns=a"');
    const problem = bed.pages.problem({ ...view, reason: 'upstream_unreachable' });
    expect(problem.headers['Content-Type']).toBe('application/problem+json');
    expect(JSON.parse(problem.body)).toMatchObject({ code: 'upstream_unreachable', status: 502 });
  });

  it('name the place to sign in', async () => {
    bed = await new PagesBed().open();
    expect(bed.pages.signInAddress('/a?b=c#d')).toBe('/oauth2/start?rd=%2Fa%3Fb%3Dc%23d');
  });
});
