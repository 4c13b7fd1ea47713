import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { anyText } from '../../../test/fixtures/any-text.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import { Secret } from '../../kernel/secret.ts';
import { ownCookies } from '../../request/own-cookies.ts';
import { RecordSealer } from '../session/sealed-record.ts';
import { LoginAttempts } from './login-attempt.ts';

const newKey = () => new Secret(systemRandom.bytes(32));

function setUp({ secure = true, keys = [newKey()] } = {}) {
  const clock = new FakeClock();
  const sealer = new RecordSealer(() => keys, systemRandom);
  const open = vi.spyOn(sealer, 'open');
  const cookies = ownCookies(secure);
  const attempts = new LoginAttempts({ clock, random: systemRandom, cookies, sealer });
  return { attempts, clock, opened: () => open.mock.calls.length };
}

const pairOf = (line: string | undefined) => line?.split(';')[0] ?? '';
const nameOf = (line: string | undefined) => pairOf(line).split('=')[0];

describe('the cookie of an attempt', () => {
  it('is a __Host- cookie for ten minutes that no script and no foreign request sees', () => {
    const { setCookies } = setUp().attempts.start('/', undefined);
    expect(setCookies).toEqual([
      expect.stringMatching(
        /^__Host-kfgw-login-\d{1,6}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
  });

  it('has the name and attributes that plain http allows where that is configured', () => {
    const [line] = setUp({ secure: false }).attempts.start('/', undefined).setCookies;
    expect(line).toMatch(
      /^kfgw-login-\d{1,6}=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );
  });

  it('is removed with the attributes that it was set with', () => {
    const { attempts } = setUp();
    const { state, setCookies } = attempts.start('/', undefined);
    const found = attempts.find(state, pairOf(setCookies[0]));
    expect(found.kind === 'found' && found.setCookies).toEqual([
      `${nameOf(setCookies[0]) ?? ''}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure`,
    ]);
  });

  it('is small however long the address to return to is', () => {
    const { attempts } = setUp();
    for (const returnTo of ['/', `/${'a'.repeat(15_000)}?x#y`]) {
      const { setCookies, state } = attempts.start(returnTo, undefined);
      expect(setCookies.join().length).toBeLessThan(600);
      expect(state.length).toBeLessThan(1_600);
    }
  });

  it('says nothing about what is in it, and no two are alike', () => {
    const { attempts } = setUp();
    const { attempt, state, setCookies } = attempts.start('/secret-path', undefined);
    const visible = [state.slice(attempt.id.length), ...setCookies].join();
    const decoded = Buffer.from(visible, 'base64url').toString('latin1');
    for (const secret of [attempt.nonce, attempt.codeVerifier, 'secret-path']) {
      expect(visible + decoded).not.toContain(secret);
    }
    expect(attempts.start('/secret-path', undefined).state).not.toBe(state);
  });
});

describe('an attempt', () => {
  it('is found again by its state, with what it was started with', () => {
    const { attempts } = setUp();
    const { attempt, state, setCookies } = attempts.start('/a?b#c', undefined);
    const header = `x=1; ${pairOf(setCookies[0])}; XSRF-TOKEN=a,b`;
    expect(attempts.find(state, header)).toMatchObject({
      kind: 'found',
      attempt,
      returnTo: '/a?b#c',
    });
  });

  it('carries what it was started for, sealed', () => {
    const { attempts } = setUp();
    const { state, setCookies } = attempts.start('/', undefined, '{"kind":"create-token"}');
    const found = attempts.find(state, pairOf(setCookies[0]));
    expect(found.kind === 'found' && found.attempt.action).toBe('{"kind":"create-token"}');
    const visible = Buffer.from([state, ...setCookies].join(), 'base64url').toString('latin1');
    expect(visible).not.toContain('create-token');
  });

  it('fits into a cookie with the longest action', () => {
    const { setCookies } = setUp().attempts.start('/', undefined, 'a'.repeat(1_500));
    expect(setCookies.join().length).toBeLessThan(3_000);
  });

  it('ends after ten minutes, and its way back is still known', async () => {
    const { attempts, clock } = setUp();
    const { state, setCookies } = attempts.start('/deep', undefined);
    const header = pairOf(setCookies[0]);
    await clock.advance(599_999);
    expect(attempts.find(state, header).kind).toBe('found');
    await clock.advance(1);
    expect(attempts.find(state, header)).toEqual({ kind: 'missing', returnTo: '/deep' });
  });

  it('survives the rotation of keys, and another replica reads it', () => {
    const [older, newer] = [newKey(), newKey()];
    const { state, setCookies } = setUp({ keys: [older] }).attempts.start('/', undefined);
    const replica = setUp({ keys: [newer, older] }).attempts;
    expect(replica.find(state, pairOf(setCookies[0])).kind).toBe('found');
    const stranger = setUp().attempts;
    expect(stranger.find(state, pairOf(setCookies[0]))).toEqual({ kind: 'foreign' });
  });

  it('is one of five at most: the oldest and the dead go when a new one starts', async () => {
    const { attempts, clock } = setUp();
    const begun: string[] = [];
    for (let tab = 0; tab < 6; tab += 1) {
      await clock.advance(1_000);
      begun.push(pairOf(attempts.start('/', undefined).setCookies[0]));
    }
    const foreign = '__Host-kfgw-login-77=made-up';
    const { setCookies } = attempts.start('/', [...begun, foreign].join('; '));
    const removed = setCookies.filter((line) => line.includes('Max-Age=0')).map(nameOf);
    const expected = [...begun.slice(0, 2), foreign].map(nameOf);
    expect(removed.toSorted()).toEqual(expected.toSorted());
    expect(setCookies).toHaveLength(4);
  });

  it('keeps a long way back without its query, or goes to the start page', () => {
    const { attempts } = setUp();
    const wayBack = (returnTo: string) => {
      const found = attempts.find(attempts.start(returnTo, undefined).state, undefined);
      return found.kind === 'missing' ? found.returnTo : found.kind;
    };
    expect(wayBack(`/a?${'b'.repeat(2_000)}`)).toBe('/a');
    expect(wayBack(`/a#${'b'.repeat(2_000)}`)).toBe('/a');
    expect(wayBack(`/${'a'.repeat(2_000)}`)).toBe('/');
  });
});

describe('what is not ours', () => {
  it('is not found whatever a browser or a provider sends', () => {
    const { attempts } = setUp();
    const { state, setCookies } = attempts.start('/', undefined);
    const cookie = pairOf(setCookies[0]);
    fc.assert(
      fc.property(anyText, fc.nat(state.length - 1), (text, at) => {
        expect(attempts.find(text, cookie)).toEqual({ kind: 'foreign' });
        const tampered = state.slice(0, at) + (state[at] === 'A' ? 'B' : 'A') + state.slice(at + 1);
        expect(attempts.find(tampered, cookie).kind).not.toBe('found');
        expect(attempts.find(state, text).kind).toBe('missing');
      }),
    );
  });

  it('is not found in a cookie with a flipped byte, or under another name', () => {
    const { attempts } = setUp();
    const { state, setCookies } = attempts.start('/', undefined);
    const [name = '', value = ''] = pairOf(setCookies[0]).split('=');
    const bytes = Buffer.from(value, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const found = attempts.find(state, `${name}=${flipped.toString('base64url')}`);
      expect(found.kind).toBe('missing');
    }
    expect(attempts.find(state, `__Host-kfgw-login-1234567=${value}`).kind).toBe('missing');
    expect(attempts.find(state, `__Host-kfgw-login-0=${value}`).kind).toBe('missing');
  });

  it('costs the opening of a bounded number of cookies, however many there are', () => {
    const { attempts, opened } = setUp();
    const { state, setCookies } = attempts.start('/', undefined);
    const flood = Array.from({ length: 10_000 }, (_, n) => `__Host-kfgw-login-${n}=AAAA`).join(
      '; ',
    );
    expect(attempts.find(state, flood).kind).toBe('missing');
    expect(opened()).toBe(1 + 64);
    expect(attempts.start('/', `${flood}; ${pairOf(setCookies[0])}`).setCookies).toHaveLength(65);
    expect(opened()).toBe(1 + 64 + 64);
  });
});
