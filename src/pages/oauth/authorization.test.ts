// The command line's way through the browser: authorize, sign in anew, consent, back to the machine.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asked, decide, nextAddress, ownForm, post } from '../../../test/fixtures/asked-person.ts';
import { PagesBed } from '../../../test/fixtures/pages-bed.ts';
import { challengeOf } from '../../identity/oauth/pkce.ts';

const codeVerifier = 'v'.repeat(43);
const redirectUri = 'http://127.0.0.1:49152/callback';
const request = {
  response_type: 'code',
  client_id: 'kfgw-cli',
  redirect_uri: redirectUri,
  code_challenge: challengeOf(codeVerifier) ?? '',
  code_challenge_method: 'S256',
  state: 'state-of-the-program',
  scope: 'read namespace:team-a',
  login_name: 'Jürgens <Laptop>',
  login_lifetime: '86400',
};
let bed: PagesBed;

beforeEach(async () => {
  bed = await new PagesBed().open();
});
afterEach(() => bed.close());

function address(changes: Readonly<Record<string, string>> = {}): string {
  return `/oauth2/authorize?${new URLSearchParams({ ...request, ...changes }).toString()}`;
}

function redeem(code: string) {
  const form = { grant_type: 'authorization_code', code, code_verifier: codeVerifier };
  const whole = { ...form, redirect_uri: redirectUri, client_id: 'kfgw-cli' };
  return post(bed, '/oauth2/token', whole);
}

describe('GET /oauth2/authorize', () => {
  it('sends even who is signed in to sign in anew', async () => {
    const cookie = await bed.signIn();
    const answer = await bed.navigate(address(), { Cookie: cookie });
    expect(answer.status).toBe(200);
    expect(nextAddress(answer)?.origin).toBe('https://idp.example');
    expect(bed.login.actions).toHaveLength(1);
    expect(JSON.parse(bed.login.actions[0] ?? '')).toMatchObject({
      kind: 'authorize',
      scope: 'read namespace:team-a',
      lifetimeMs: 86_400_000,
      redirectUri,
      state: request.state,
    });
  });

  it('counts as a sign-in, and only where a person can have asked for it', async () => {
    const limited = await new PagesBed({ loginPerMinute: 2 }).open();
    try {
      for (let i = 0; i < 3; i++) await limited.send('get', address(), { Accept: '*/*' });
      await limited.navigate('/oauth2/start');
      expect((await limited.navigate(address())).status).toBe(200);
      expect((await limited.navigate(address())).status).toBe(429);
      expect((await limited.navigate('/oauth2/start')).status).toBe(429);
    } finally {
      await limited.close();
    }
  });

  it('makes an action that fits into a login attempt from the longest request there is', async () => {
    const scope = Array.from({ length: 10 }, (_, at) => `namespace:${String(at).repeat(53)}`);
    const changes = {
      scope: scope.join(' '),
      login_name: '"'.repeat(64),
      state: '"'.repeat(200),
      redirect_uri: 'http://127.0.0.1:65535/callback',
    };
    const answer = await bed.navigate(address(changes));
    expect(nextAddress(answer)?.origin).toBe('https://idp.example');
    expect(bed.login.actions[0]?.length).toBeLessThanOrEqual(1_500);
  });

  it('tells a program what is wrong with its request, by whom and with its state', async () => {
    const answer = await bed.navigate(address({ scope: 'admin' }));
    const next = nextAddress(answer);
    expect(next?.href.startsWith(`${redirectUri}?`)).toBe(true);
    expect(Object.fromEntries(next?.searchParams ?? [])).toMatchObject({
      error: 'invalid_scope',
      state: request.state,
      iss: 'http://kf.example',
    });
    expect(bed.login.actions).toEqual([]);
  });

  it.each([
    ['https://evil.example/callback'],
    ['http://localhost:49152/callback'],
    ['http://127.0.0.1:49152@evil.example/callback'],
  ])('goes nowhere for a program at %s', async (uri) => {
    const answer = await bed.navigate(address({ redirect_uri: uri }));
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('authorization_request_refused');
    expect(answer.headers['location']).toBeUndefined();
    expect(nextAddress(answer)).toBeUndefined();
  });

  it.each([
    ['a script', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }, 'top_level_only'],
    ['a frame', { 'Sec-Fetch-Dest': 'iframe' }, 'top_level_only'],
    ['plain http', { 'Sec-Fetch-Mode': undefined, 'Sec-Fetch-Dest': undefined }, 'https_required'],
  ])('refuses %s', async (_, headers, code) => {
    const answer = await bed.navigate(address(), headers);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(code);
    expect(bed.login.actions).toEqual([]);
  });
});

describe('the page that asks', () => {
  it('shows who asks, for what, until when, and where it goes', async () => {
    await bed.navigate(address());
    const { page } = await asked(bed, 'jane@example.com');
    expect(page.status).toBe(200);
    for (const shown of [
      'kfgw-cli',
      'Jürgens &lt;Laptop&gt;',
      'jane@example.com',
      'read namespace:team-a',
      'It works in these namespaces only: team-a.',
      redirectUri,
      new Date(bed.clock.nowMs() + 86_400_000).toISOString().slice(0, 10),
    ]) {
      expect(page.text).toContain(shown);
    }
  });

  it('is never framed, keeps no opener, and lets its form go nowhere else', async () => {
    await bed.navigate(address());
    const { page } = await asked(bed);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['content-security-policy']).not.toContain('127.0.0.1');
    expect(page.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(page.headers['cache-control']).toBe('no-store');
    const scripts = [...page.text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    expect(scripts).toEqual(['<script src="/oauth2/static/unhurried.js" defer>']);
  });

  it('takes the person back with a code that is worth a login', async () => {
    await bed.navigate(address());
    const person = await asked(bed, 'jane@example.com');
    const next = nextAddress(await decide(bed, person, 'allow'));
    expect(next?.searchParams.get('state')).toBe(request.state);
    expect(next?.searchParams.get('iss')).toBe('http://kf.example');
    const answer = await redeem(next?.searchParams.get('code') ?? '');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(answer.body).toEqual({
      access_token: 'kfgwa_scripted1',
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: 'kfgwr_scripted2',
      scope: 'read namespace:team-a',
    });
    const [kept] = bed.personalTokens.kept;
    expect(kept?.summary).toMatchObject({ kind: 'login', name: request.login_name });
  });

  it('tells the program when the person refuses', async () => {
    await bed.navigate(address());
    const next = nextAddress(await decide(bed, await asked(bed), 'refuse'));
    expect(next?.searchParams.get('error')).toBe('access_denied');
    expect(next?.searchParams.has('code')).toBe(false);
  });

  it('writes neither code nor ticket nor token into the log', async () => {
    await bed.navigate(address());
    const person = await asked(bed);
    const next = nextAddress(await decide(bed, person, 'allow'));
    const code = next?.searchParams.get('code') ?? '';
    const { body } = (await redeem(code)) as { body: Record<string, string> };
    const log = JSON.stringify(bed.log);
    const secrets = [code, person.ticket, body['access_token'], body['refresh_token']];
    for (const secret of secrets) expect(log).not.toContain(secret);
    expect(log).toContain('A program signed in for a person.');
  });
});

describe('POST /oauth2/consent', () => {
  beforeEach(() => bed.navigate(address()));

  it('takes each button press once', async () => {
    const person = await asked(bed);
    await decide(bed, person, 'allow');
    const again = await decide(bed, person, 'allow');
    expect(again.status).toBe(400);
    expect(again.text).toContain('action_expired');
  });

  it('does nothing for a cookie alone', async () => {
    const person = await asked(bed);
    const answer = await decide(bed, { ...person, ticket: '' }, 'allow');
    expect(answer.text).toContain('action_expired');
  });

  it('takes no ticket of another session, use or person', async () => {
    const jane = await asked(bed, 'jane@example.com');
    const other = await asked(bed, 'other@example.com');
    const stolen = await decide(bed, { ...other, ticket: jane.ticket }, 'allow');
    expect(stolen.text).toContain('action_expired');
    const second = await asked(bed, 'jane@example.com');
    const moved = await decide(bed, { ...second, ticket: jane.ticket }, 'allow');
    expect(moved.text).toContain('action_expired');
  });

  it('needs a button, and does not use the ticket up without one', async () => {
    const person = await asked(bed);
    expect((await decide(bed, person, 'maybe')).text).toContain('action_expired');
    expect(nextAddress(await decide(bed, person, 'allow'))?.searchParams.has('code')).toBe(true);
  });

  it('expires after ten minutes', async () => {
    const person = await asked(bed);
    await bed.clock.advance(600_000);
    expect((await decide(bed, person, 'allow')).text).toContain('action_expired');
  });

  it.each([
    ['a repeated ticket', (ticket: string) => `ticket=${ticket}&ticket=${ticket}&decision=allow`],
    ['two decisions', (ticket: string) => `ticket=${ticket}&decision=refuse&decision=allow`],
  ])('refuses %s', async (_, bodyOf) => {
    const { cookie, ticket } = await asked(bed);
    const headers = { ...ownForm, Cookie: cookie };
    const answer = await bed.send('post', '/oauth2/consent', headers).send(bodyOf(ticket));
    expect(answer.status).toBe(400);
  });

  it.each([
    [{ 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }],
    [{ 'Sec-Fetch-Dest': 'iframe' }],
    [{ 'Sec-Fetch-Mode': undefined, 'Sec-Fetch-Dest': undefined }],
  ])('answers nothing but windows (%j)', async (changes) => {
    const { cookie, ticket } = await asked(bed);
    const headers = { ...ownForm, ...changes, Cookie: cookie };
    const body = new URLSearchParams({ ticket, decision: 'allow' }).toString();
    const answer = await bed.send('post', '/oauth2/consent', headers).send(body);
    expect(answer.status).toBe(403);
  });

  it('keeps the person’s answer out of a store that is silent', async () => {
    const person = await asked(bed);
    bed.store.health = 'down';
    const answer = await decide(bed, person, 'allow');
    expect(answer.status).toBe(503);
    expect(nextAddress(answer)).toBeUndefined();
  });
});
