import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ABSOLUTE_MS, cookiesSet, PagesBed } from '../../test/fixtures/pages-bed.ts';
import { completedLogin } from '../../test/fixtures/scripted-login-flow.ts';

const callback = '/oauth2/callback?code=secret-code&state=s';
const clearedAttempt = ['kfgw-login-0=; Path=/; Max-Age=0'];
/** Rounded down, a millisecond after it was set. */
const MAX_AGE_SEC = `(?:${ABSOLUTE_MS / 1000}|${ABSOLUTE_MS / 1000 - 1})`;
let bed: PagesBed;

beforeEach(async () => {
  bed = await new PagesBed().open();
});
afterEach(() => bed.close());

async function userOf(cookie: string): Promise<unknown> {
  const answer = await bed.send('get', '/oauth2/userinfo', { Cookie: cookie });
  return answer.status === 200 ? (answer.body as { user: unknown }).user : answer.status;
}

describe('GET /oauth2/callback', () => {
  it('makes a session and returns to where the sign-in began', async () => {
    const returnTo = '/pipeline/?ns=a#/runs/1';
    bed.login.completion = completedLogin('user@example.com', returnTo, bed.clock.nowMs());
    const answer = await bed.navigate(callback);
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe(returnTo);
    expect(bed.login.completed).toEqual(['code=secret-code&state=s']);
    const [cookie = '', cleared] = cookiesSet(answer).toReversed();
    expect(cookie).toMatch(
      new RegExp(`^kfgw=s%3A1\\.[^;]+; Max-Age=${MAX_AGE_SEC}; Path=/; HttpOnly; SameSite=Lax$`),
    );
    expect(cleared).toMatch(/^kfgw-login-0=;/);
    expect(await userOf(cookie.split(';', 1)[0] ?? '')).toBe('user@example.com');
  });

  it('counts and logs the sign-in by user and session handle, and no secret', async () => {
    const cookie = await bed.signIn();
    expect(bed.logins).toEqual(['success']);
    const line = bed.log.find(({ message }) => message === 'Somebody signed in.');
    expect(line?.level).toBe('info');
    expect(line?.fields['user']).toBe('user@example.com');
    expect(line?.fields['session']).toMatch(/^[\w-]{22}$/);
    const text = JSON.stringify(bed.log);
    expect(text).not.toContain('secret-code');
    expect(text).not.toContain(decodeURIComponent(cookie).slice('kfgw=s:1.'.length, 40));
  });

  it('sets the cookie with Secure where the public address is https, whatever the hop', async () => {
    const secure = await new PagesBed({ secureCookies: true }).open();
    try {
      secure.login.completion = completedLogin('user@example.com', '/', secure.clock.nowMs());
      const answer = await secure.navigate(callback);
      expect(cookiesSet(answer).at(-1)).toMatch(
        new RegExp(
          `^__Host-kfgw=[^;]+; Max-Age=${MAX_AGE_SEC}; Path=/; HttpOnly; Secure; SameSite=Lax$`,
        ),
      );
    } finally {
      await secure.close();
    }
  });

  it('gives a new id at every sign-in and ends the session before (session fixation)', async () => {
    const attacker = await bed.signIn('attacker@example.com');
    const victim = await bed.signIn('victim@example.com', attacker);
    expect(victim).not.toBe(attacker);
    expect(await userOf(victim)).toBe('victim@example.com');
    expect(await userOf(attacker)).toBe(401);
  });

  it('never takes over an id that it has signed but never given a session', async () => {
    const planted = bed.unknownCookie();
    const cookie = await bed.signIn('user@example.com', planted);
    expect(cookie).not.toBe(planted);
    expect(await userOf(planted)).toBe(401);
    expect(await userOf(cookie)).toBe('user@example.com');
  });

  it('signs with the newest key after a rotation, and still knows older cookies', async () => {
    const older = await bed.signIn('older@example.com');
    const fresh = new PagesBed();
    bed.cookieKeys.unshift(...fresh.cookieKeys);
    await fresh.room.close();
    const newer = await bed.signIn('newer@example.com');
    expect(await userOf(older)).toBe('older@example.com');
    bed.cookieKeys.pop();
    expect(await userOf(newer)).toBe('newer@example.com');
  });

  it.each([
    ['login_attempt_missing', 400],
    ['login_state_mismatch', 400],
    ['login_refused_by_provider', 403],
    ['login_failed', 502],
    ['email_not_verified', 403],
    ['user_claim_reserved', 403],
  ] as const)('explains %s and leads to a new sign-in', async (reason, status) => {
    const setCookies = clearedAttempt;
    bed.login.completion = { kind: 'refused', reason, returnTo: '/jupyter/', setCookies };
    const answer = await bed.navigate(callback, { 'X-Request-Id': 'r-1' });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(`<code>${reason}</code>`);
    expect(answer.text).toContain('<code>r-1</code>');
    expect(answer.text).toContain('href="/oauth2/start?rd=%2Fjupyter%2F"');
    expect(answer.text).not.toContain('secret-code');
    expect(cookiesSet(answer)).toEqual(clearedAttempt);
    expect(bed.logins).toEqual([reason]);
    expect(answer.headers['location']).toBeUndefined();
  });

  it('explains it to a program as a problem document', async () => {
    bed.login.completion = {
      kind: 'refused',
      reason: 'login_attempt_missing',
      returnTo: undefined,
      setCookies: [],
    };
    const answer = await bed.send('get', callback, { Accept: '*/*' });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'login_attempt_missing' });
  });

  it('says that the provider is away and retries from the start', async () => {
    bed.login.completion = { kind: 'unavailable', returnTo: '/jupyter/', retryAfterSec: 5 };
    const answer = await bed.navigate(callback);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.text).toContain('content="5; url=/oauth2/start?rd=%2Fjupyter%2F"');
    expect(bed.logins).toEqual(['provider_unavailable']);
  });

  describe('of a sign-in that was made for an action', () => {
    const action = '{"kind":"approve-device","userCode":"BCDF-GHJK"}';

    it.each([
      [{ 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }, 'top_level_only'],
      [{ 'Sec-Fetch-Dest': 'iframe' }, 'top_level_only'],
      [{ 'Sec-Fetch-Mode': undefined, 'Sec-Fetch-Dest': undefined }, 'https_required'],
    ])('makes no session for %j', async (hints, reason) => {
      bed.login.completion = completedLogin('user@example.com', '/', bed.clock.nowMs(), action);
      const answer = await bed.navigate(callback, hints);
      expect(answer.status).toBe(403);
      expect(answer.text).toContain(reason);
      expect(cookiesSet(answer)).toEqual([expect.stringMatching(/^kfgw-login-0=;/)]);
      expect(answer.headers['location']).toBeUndefined();
      expect(bed.logins).toEqual([reason]);
    });

    it('makes a session and goes on to the action, not to where it began', async () => {
      bed.login.completion = completedLogin('user@example.com', '/x', bed.clock.nowMs(), action);
      const answer = await bed.navigate(callback);
      expect(answer.status).toBe(303);
      expect(answer.headers['location']).toMatch(/^\/oauth2\/action\?ticket=/);
      expect(answer.headers['location']).not.toContain('BCDF');
      expect(bed.logins).toEqual(['success']);
    });

    it('that another release began is not carried out', async () => {
      const unknown = '{"kind":"of-another-release"}';
      bed.login.completion = completedLogin('user@example.com', '/', bed.clock.nowMs(), unknown);
      const answer = await bed.navigate(callback);
      const [cookie = ''] = cookiesSet(answer).toReversed();
      const location = String(answer.headers['location']);
      const page = await bed.navigate(location, { Cookie: cookie.split(';', 1)[0] });
      expect(page.status).toBe(400);
      expect(page.text).toContain('action_expired');
    });
  });

  describe('that comes late, with a valid session', () => {
    it.each([
      ['/jupyter/', '/jupyter/'],
      [undefined, '/'],
    ])('goes on to %s', async (returnTo, location) => {
      const cookie = await bed.signIn();
      bed.login.completion = {
        kind: 'refused',
        reason: 'login_attempt_missing',
        returnTo,
        setCookies: clearedAttempt,
      };
      const answer = await bed.navigate(callback, { Cookie: cookie });
      expect(answer.status).toBe(302);
      expect(answer.headers['location']).toBe(location);
      expect(cookiesSet(answer)).toEqual(clearedAttempt);
      expect(await userOf(cookie)).toBe('user@example.com');
    });

    it('goes on while the provider is away', async () => {
      const cookie = await bed.signIn();
      bed.login.completion = { kind: 'unavailable', returnTo: '/jupyter/', retryAfterSec: 5 };
      const answer = await bed.navigate(callback, { Cookie: cookie });
      expect(answer.headers['location']).toBe('/jupyter/');
    });

    it('still tells of a refusal of the person', async () => {
      const cookie = await bed.signIn();
      bed.login.completion = {
        kind: 'refused',
        reason: 'email_not_verified',
        returnTo: '/',
        setCookies: [],
      };
      const answer = await bed.navigate(callback, { Cookie: cookie });
      expect(answer.status).toBe(403);
      expect(await userOf(cookie)).toBe('user@example.com');
    });
  });

  describe('while the session store is down', () => {
    it('answers 503 and makes no half session', async () => {
      bed.login.completion = completedLogin('user@example.com', '/jupyter/', bed.clock.nowMs());
      bed.store.health = 'down';
      const answer = await bed.navigate(callback);
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('5');
      expect(answer.text).toContain('session_store_unavailable');
      expect(answer.text).toContain('content="5; url=/oauth2/start?rd=%2Fjupyter%2F"');
      expect(cookiesSet(answer).filter((line) => line.startsWith('kfgw='))).toEqual([]);
      expect(bed.logins).toEqual(['session_store_unavailable']);
    });

    it('leaves the session that was there alone', async () => {
      const cookie = await bed.signIn();
      bed.login.completion = completedLogin('user@example.com', '/', bed.clock.nowMs());
      bed.store.health = 'down';
      const answer = await bed.navigate(callback, { Cookie: cookie });
      expect(answer.status).toBe(503);
      expect(cookiesSet(answer).filter((line) => line.startsWith('kfgw='))).toEqual([]);
      bed.store.health = 'up';
      expect(await userOf(cookie)).toBe('user@example.com');
    });
  });

  it('never shows the message of a bug', async () => {
    bed.login.completion = new Error('a secret detail');
    const answer = await bed.navigate(callback, { 'X-Request-Id': 'r-1' });
    expect(answer.status).toBe(500);
    expect(answer.text).toContain('<code>internal_error</code>');
    expect(answer.text).toContain('<code>r-1</code>');
    expect(answer.text).not.toContain('secret detail');
    const error = 'Error: a secret detail';
    expect(bed.log).toContainEqual({
      level: 'error',
      message: 'A page failed.',
      fields: { error, requestId: 'r-1' },
    });
  });
});
