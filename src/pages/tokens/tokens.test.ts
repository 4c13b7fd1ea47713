// A person's tokens as pages, from the form to the list and back.
import type { Response } from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookiesSet, PagesBed } from '../../../test/fixtures/pages-bed.ts';
import { completedLogin } from '../../../test/fixtures/scripted-login-flow.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';

const CALLBACK = '/oauth2/callback?code=c&state=s';
const NEW = '/oauth2/tokens/new?name=my+laptop&expires=7d&effect=read&namespaces=team-a';
const posted = {
  Host: 'kf.example',
  'Content-Type': 'application/x-www-form-urlencoded',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Site': 'same-origin',
};
let bed: PagesBed;

beforeEach(async () => {
  bed = await new PagesBed().open();
});
afterEach(() => bed.close());

const locationOf = (answer: Response) => String(answer.headers['location']);

/** What a browser with this cookie is shown at the end of the redirects. */
async function follow(path: string, cookie: string): Promise<Response> {
  const answer = await bed.navigate(path, { Cookie: cookie });
  return answer.status === 302 ? follow(locationOf(answer), cookie) : answer;
}

/** Signs in for what `path` asks, at the provider; the cookie, and where the callback leads. */
async function signInFor(path: string, userId = 'user@example.com') {
  await bed.navigate(path);
  const action = bed.login.actions.at(-1);
  bed.login.completion = completedLogin(userId, '/', bed.clock.nowMs(), action);
  const answer = await bed.navigate(CALLBACK);
  const [set] = cookiesSet(answer).filter((line) => line.startsWith('kfgw='));
  return { answer, cookie: set?.split(';', 1)[0] ?? '', location: locationOf(answer) };
}

async function makeToken(userId?: string): Promise<{ page: Response; cookie: string }> {
  const { cookie, location } = await signInFor(NEW, userId);
  return { page: await bed.navigate(location, { Cookie: cookie }), cookie };
}

function ticketsIn(page: Response): readonly string[] {
  return Array.from(
    page.text.matchAll(/name="ticket" value="([\w-]+)"/g),
    ([, ticket]) => ticket ?? '',
  );
}

describe('making a token', () => {
  it('begins with a sign-in for just that', async () => {
    const answer = await bed.navigate(NEW);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('content="0; url=https://idp.example/auth?state=s"');
    expect(cookiesSet(answer)).toEqual(['kfgw-login-0=sealed; Path=/; HttpOnly; SameSite=Lax']);
    expect(bed.login.actions.map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        kind: 'create-token',
        name: 'my laptop',
        scope: 'read namespace:team-a',
        lifetimeMs: 7 * 86_400_000,
      },
    ]);
    expect(bed.personalTokens.kept).toEqual([]);
  });

  it('ends on a page of its own, where the token is shown once', async () => {
    const { answer, cookie, location } = await signInFor(NEW);
    expect(answer.status).toBe(303);
    expect(location).toMatch(/^\/oauth2\/action\?ticket=[\w-]+$/);
    expect(answer.headers['cross-origin-opener-policy']).toBeUndefined();
    expect(bed.personalTokens.kept).toEqual([]);
    const page = await bed.navigate(location, { Cookie: cookie });
    expect(page.status).toBe(200);
    expect(page.text).toContain('value="kfgw_scripted1" readonly');
    expect(page.text).toContain('It works in these namespaces only: team-a.');
    expect(page.text).toContain('http://kf.example/oauth2/userinfo');
    expect(page.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
    const again = await bed.navigate(location, { Cookie: cookie });
    expect(again.status).toBe(400);
    expect(again.text).toContain('action_expired');
    expect(bed.personalTokens.kept).toHaveLength(1);
  });

  it('makes it for whoever signed in, and nobody else can come to the page', async () => {
    const { cookie: other } = await makeToken('other@example.com');
    const { location, cookie } = await signInFor(NEW, 'user@example.com');
    const stolen = await bed.navigate(location, { Cookie: other });
    expect(stolen.status).toBe(400);
    expect((await bed.navigate(location)).status).toBe(401);
    const page = await bed.navigate(location, { Cookie: cookie });
    expect(page.text).toContain('<dt>Acts for</dt><dd><code>user@example.com</code>');
    const people = bed.personalTokens.kept.map(({ person }) => person);
    expect(new Set(people).size).toBe(2);
  });

  it('is logged by its public name', async () => {
    await makeToken();
    const line = bed.log.find(({ message }) => message === 'Somebody made a token.');
    expect(line?.fields).toMatchObject({ user: 'user@example.com', token: 'handle-1' });
    expect(JSON.stringify(bed.log)).not.toContain('kfgw_scripted');
  });

  it.each([
    'name=x&expires=7d',
    'name=&expires=7d&effect=read',
    'name=x&name=y&expires=7d&effect=read',
  ])('does not begin with %s', async (query) => {
    const answer = await bed.navigate(`/oauth2/tokens/new?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('token_wish_refused');
    expect(bed.login.begun).toEqual([]);
  });

  it('does not begin with more than a sign-in can carry', async () => {
    const namespaces = Array.from({ length: 28 }, (_, at) => `${'n'.repeat(60)}${at}`).join('+');
    const query = `name=x&expires=7d&effect=read&namespaces=${namespaces}`;
    const answer = await bed.navigate(`/oauth2/tokens/new?${query}`);
    expect(answer.text).toContain('token_wish_refused');
    expect(bed.login.begun).toEqual([]);
  });

  it('says when the provider is away', async () => {
    bed.login.beginning = { kind: 'unavailable', retryAfterSec: 5 };
    const answer = await bed.navigate(NEW);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
  });

  it('says why it is refused, with the way back', async () => {
    bed.personalTokens.refusal = 'too_many_tokens';
    const { page } = await makeToken();
    expect(page.status).toBe(409);
    expect(page.text).toContain('too_many_tokens');
    expect(page.text).toContain('href="/oauth2/tokens"');
  });

  it('answers 503 while tokens cannot be kept', async () => {
    bed.personalTokens.isDown = true;
    expect((await makeToken()).page.status).toBe(503);
  });

  it('counts against the limit of sign-ins', async () => {
    const limited = await new PagesBed({ loginPerMinute: 2 }).open();
    try {
      await limited.navigate(NEW);
      await limited.navigate(NEW);
      expect((await limited.navigate(NEW)).status).toBe(429);
    } finally {
      await limited.close();
    }
  });
});

describe('the list', () => {
  it('leads who is not signed in to the sign-in and back', async () => {
    const answer = await bed.navigate('/oauth2/tokens');
    expect(answer.status).toBe(302);
    expect(locationOf(answer)).toBe('/oauth2/start?rd=%2Foauth2%2Ftokens');
  });

  it('is shown behind a redirect only, so that no other page keeps hold of its window', async () => {
    const cookie = await bed.signIn();
    const first = await bed.navigate('/oauth2/tokens', { Cookie: cookie });
    expect(first.status).toBe(302);
    expect(first.headers['cross-origin-opener-policy']).toBeUndefined();
    const page = await bed.navigate(locationOf(first), { Cookie: cookie });
    expect(page.status).toBe(200);
    expect(page.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    const again = await bed.navigate(locationOf(first), { Cookie: cookie });
    expect(again.status).toBe(302);
  });

  it('shows what was made, when it was used, and the form for more', async () => {
    const { cookie } = await makeToken();
    expect((await follow('/oauth2/tokens', cookie)).text).toContain('<td>never</td>');
    await bed.clock.advance(MINUTE_MS);
    bed.personalTokens.use('handle-1');
    const page = await follow('/oauth2/tokens', cookie);
    expect(page.text).toContain('<th scope="row">my laptop</th>');
    expect(page.text).toContain('<td>read namespace:team-a</td>');
    const used = new Date(bed.clock.nowMs()).toISOString().slice(0, 19).replace('T', ' ');
    expect(page.text).toContain(`<td>${used} UTC</td>`);
    expect(page.text).toContain('aria-label="Revoke my laptop"');
    expect(page.text).toContain('<form method="get" action="/oauth2/tokens/new"');
    expect(page.text).not.toContain('kfgw_scripted');
  });

  it("shows nobody else's", async () => {
    await makeToken('other@example.com');
    const page = await follow('/oauth2/tokens', await bed.signIn());
    expect(page.text).toContain('You have none.');
    expect(page.text).not.toContain('my laptop');
  });

  it('answers 503 while it cannot be read', async () => {
    bed.personalTokens.isDown = true;
    expect((await follow('/oauth2/tokens', await bed.signIn())).status).toBe(503);
  });
});

describe('revoking', () => {
  async function revoke(cookie: string, body: string): Promise<Response> {
    return bed.send('post', '/oauth2/tokens/revoke', { ...posted, Cookie: cookie }).send(body);
  }

  it('ends the token by its button, and leads back to the list', async () => {
    const { cookie } = await makeToken();
    const [ticket = ''] = ticketsIn(await follow('/oauth2/tokens', cookie));
    const answer = await revoke(cookie, `ticket=${ticket}`);
    expect(answer.status).toBe(303);
    expect(locationOf(answer)).toBe('/oauth2/tokens');
    expect(bed.personalTokens.kept).toEqual([]);
    const line = bed.log.find(({ message }) => message === 'Somebody revoked a token.');
    expect(line?.fields).toMatchObject({ user: 'user@example.com', token: 'handle-1' });
  });

  it('serves once per button, and a token that has gone is no error', async () => {
    const { cookie } = await makeToken();
    const [first = ''] = ticketsIn(await follow('/oauth2/tokens', cookie));
    const [second = ''] = ticketsIn(await follow('/oauth2/tokens', cookie));
    await revoke(cookie, `ticket=${first}`);
    expect((await revoke(cookie, `ticket=${first}`)).status).toBe(400);
    expect((await revoke(cookie, `ticket=${second}`)).status).toBe(303);
  });

  it.each([
    '',
    'ticket=',
    'ticket=made-up',
    'ticket=a&ticket=b',
    '%',
    `ticket=${'a'.repeat(10_000)}`,
  ])('does nothing for the cookie and the body %s', async (body) => {
    const { cookie } = await makeToken();
    const answer = await revoke(cookie, body);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('action_expired');
    expect(bed.personalTokens.kept).toHaveLength(1);
  });

  it("does nothing with somebody else's ticket, or one for looking", async () => {
    const { cookie } = await makeToken();
    const [ticket = ''] = ticketsIn(await follow('/oauth2/tokens', cookie));
    expect((await revoke(await bed.signIn('other@example.com'), `ticket=${ticket}`)).status).toBe(
      400,
    );
    expect((await revoke('', `ticket=${ticket}`)).status).toBe(401);
    const redirect = locationOf(await bed.navigate('/oauth2/tokens', { Cookie: cookie }));
    const look = new URL(redirect, 'http://kf.example').searchParams.get('ticket') ?? '';
    expect((await revoke(cookie, `ticket=${look}`)).status).toBe(400);
    expect(bed.personalTokens.kept).toHaveLength(1);
  });
});

describe('every page about tokens', () => {
  const pages = [
    ['get', NEW],
    ['get', '/oauth2/tokens'],
    ['get', '/oauth2/action?ticket=x'],
    ['head', '/oauth2/tokens'],
    ['post', '/oauth2/tokens/revoke'],
  ] as const;
  const others: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['a fetch', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }, 'top_level_only'],
    ['a frame', { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }, 'top_level_only'],
    ['an object', { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'object' }, 'top_level_only'],
    ['a worker', { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'empty' }, 'top_level_only'],
    ['a script', { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script' }, 'top_level_only'],
    [
      'what a page has loaded ahead',
      { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Purpose': 'prefetch' },
      'top_level_only',
    ],
    ['plain http', {}, 'https_required'],
    ['half of it', { 'Sec-Fetch-Dest': 'document' }, 'https_required'],
  ];

  it.each(others)('is refused to %s', async (_name, hints, reason) => {
    const cookie = await bed.signIn();
    for (const [method, path] of pages) {
      const headers = { Host: 'kf.example', Accept: 'text/html', Cookie: cookie, ...hints };
      const answer = await bed.send(method, path, headers);
      expect([path, answer.status]).toEqual([path, 403]);
      if (method !== 'head') expect(answer.text).toContain(reason);
      expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(answer.headers['location']).toBeUndefined();
    }
    expect(bed.login.begun).toEqual([]);
  });

  it('takes no other method', async () => {
    for (const path of ['/oauth2/tokens', '/oauth2/tokens/new', '/oauth2/action']) {
      const answer = await bed.send('post', path, posted);
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe('GET, HEAD');
    }
    const answer = await bed.navigate('/oauth2/tokens/revoke');
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('POST');
  });

  it('is not there where people may make no tokens', async () => {
    const without = await new PagesBed({ hasTokens: false }).open();
    try {
      for (const path of ['/oauth2/tokens', '/oauth2/tokens/new', '/oauth2/tokens/revoke']) {
        expect((await without.navigate(path)).status).toBe(404);
      }
    } finally {
      await without.close();
    }
  });
});
