import { describe, expect, it } from 'vitest';
import { readLoginWish } from './login-wish.ts';

const DAY_MS = 86_400_000;

function read(given: Readonly<Record<string, string>>, maxLifetimeMs = 90 * DAY_MS) {
  return readLoginWish(new Map(Object.entries(given)), maxLifetimeMs);
}

describe('what a command line asks for', () => {
  it('has defaults', () => {
    expect(read({})).toEqual({
      kind: 'wish',
      wish: { name: 'Command line', scope: 'write', lifetimeMs: 30 * DAY_MS },
    });
  });

  it('lives no longer by default than anything may', () => {
    expect(read({}, DAY_MS)).toMatchObject({ wish: { lifetimeMs: DAY_MS } });
  });

  it('is read with its scope in a fixed order', () => {
    const scope = 'namespace:team-b class:pipelines namespace:team-a';
    expect(read({ login_name: 'Jürgens Laptop', login_lifetime: '3600', scope })).toEqual({
      kind: 'wish',
      wish: {
        name: 'Jürgens Laptop',
        scope: 'read class:pipelines namespace:team-a namespace:team-b',
        lifetimeMs: 3_600_000,
      },
    });
  });

  it.each(['admin', 'openid', 'read  WRITE', 'namespace:*', `class:${'a'.repeat(700)}`])(
    'has no scope %s',
    (scope) => {
      expect(read({ scope })).toMatchObject({ kind: 'refused', error: 'invalid_scope' });
    },
  );

  it.each([
    'a'.repeat(65),
    '   ',
    'a\u202eb',
    'a\nb',
    'a\u0000',
    'a\u2028b',
    '\ud800',
    ' a',
    'a\u00a0b',
  ])('has no name %j', (name) => {
    const wish = read({ login_name: name });
    expect(wish).toMatchObject({ kind: 'refused', error: 'invalid_request' });
  });

  it.each(['0', '-1', '01', '1.5', '1e3', ' 60', '7776001', '9'.repeat(30), '30d'])(
    'does not live for %j seconds',
    (seconds) => {
      const wish = read({ login_lifetime: seconds });
      expect(wish).toMatchObject({ kind: 'refused', error: 'invalid_request' });
    },
  );
});
