import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookiesSet, PagesBed } from '../../test/fixtures/pages-bed.ts';

let bed: PagesBed;

beforeEach(async () => {
  bed = await new PagesBed().open();
});
afterEach(() => bed.close());

describe('GET /oauth2/userinfo', () => {
  it('tells who the session belongs to, and no token', async () => {
    const cookie = await bed.signIn();
    const answer = await bed.send('get', '/oauth2/userinfo', { Cookie: cookie });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      user: 'user@example.com',
      email: 'user@example.com',
      groups: ['team-a', 'team-b'],
      namespaces: [],
      namespaces_known: true,
      namespaces_truncated: false,
    });
  });

  it('lists the namespaces with the role in each', async () => {
    const cookie = await bed.signIn();
    const namespaces = [
      { namespace: 'mine', role: 'owner' },
      { namespace: 'shared', role: 'viewer' },
    ] as const;
    bed.namespaces = { kind: 'known', namespaces, isTruncated: true };
    const answer = await bed.send('get', '/oauth2/userinfo', { Cookie: cookie });
    expect(answer.body).toMatchObject({ namespaces, namespaces_truncated: true });
  });

  it('does not take unknown namespaces for none', async () => {
    const cookie = await bed.signIn();
    bed.namespaces = { kind: 'unknown' };
    const answer = await bed.send('get', '/oauth2/userinfo', { Cookie: cookie });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      user: 'user@example.com',
      namespaces: null,
      namespaces_known: false,
    });
  });

  it('answers a person without a session with 401 JSON, never with a redirect', async () => {
    const answer = await bed.navigate('/oauth2/userinfo');
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'sign_in_required', login_url: '/oauth2/start' });
  });

  it('says why a session is none any more', async () => {
    const cookie = await bed.signIn();
    await bed.send('post', '/oauth2/sign_out', { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' });
    const answer = await bed.send('get', '/oauth2/userinfo', { Cookie: cookie });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ code: 'signed_out' });
  });

  it('answers 503 for a session that cannot be read, and keeps its cookie', async () => {
    bed.store.health = 'down';
    const answer = await bed.send('get', '/oauth2/userinfo', { Cookie: bed.unknownCookie() });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.body).toMatchObject({ code: 'session_store_unavailable' });
    expect(cookiesSet(answer)).toEqual([]);
  });

  describe('with a bearer token', () => {
    const namespaces = [
      { namespace: 'mine', role: 'owner' },
      { namespace: 'shared', role: 'viewer' },
    ] as const;
    const scope = {
      effect: 'read',
      classes: undefined,
      namespaces: new Set(['shared', 'other']),
      allMyPipelines: false,
    } as const;
    const ask = (token: string, cookie?: string) =>
      bed.send('get', '/oauth2/userinfo', { Authorization: `Bearer ${token}`, Cookie: cookie });

    beforeEach(() => {
      bed.namespaces = { kind: 'known', namespaces, isTruncated: false };
    });

    it('tells whom the token stands for', async () => {
      bed.tokens.accept('good', 'user@example.com');
      const answer = await ask('good');
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ user: 'user@example.com', namespaces });
      expect(answer.body).not.toHaveProperty('scope');
    });

    it('leaves out namespaces that the token is not for, and says what it is for', async () => {
      bed.tokens.accept('limited', 'user@example.com', scope);
      expect((await ask('limited')).body).toMatchObject({
        namespaces: [{ namespace: 'shared', role: 'viewer' }],
        scope: 'read namespace:other namespace:shared',
      });
    });

    it('answers a bad one 401 as RFC 6750 has it, also beside a good cookie', async () => {
      const cookie = await bed.signIn();
      for (const answer of [await ask('bad'), await ask('bad', cookie)]) {
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
        expect(answer.body).toMatchObject({ code: 'invalid_token' });
      }
    });

    it('refuses a good one beside the cookie of somebody else', async () => {
      bed.tokens.accept('good', 'other@example.com');
      const answer = await ask('good', await bed.signIn());
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'conflicting_credentials' });
    });

    it('says that it cannot be judged now', async () => {
      const reason = 'issuer_unavailable';
      bed.tokens.set('known', { kind: 'unavailable', reason, retryAfterSec: 7 });
      const answer = await ask('known');
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('7');
    });
  });
});
