import { describe, expect, it } from 'vitest';
import { CookieJar } from './sign-in-form.ts';

const url = new URL('http://127.0.0.1:1000/a');

function jarAfter(...lines: string[]): CookieJar {
  const jar = new CookieJar();
  for (const line of lines) jar.keep(url, new Headers([['set-cookie', line]]));
  return jar;
}

describe('the cookie jar', () => {
  it('sends what was set, the last value of a name only, to any port of the host', () => {
    const jar = jarAfter('a=1; Path=/', 'b=x=y; HttpOnly', 'a=2');
    expect(jar.header(new URL('http://127.0.0.1:2000/'))).toBe('a=2; b=x=y');
    expect(jar.header(new URL('http://localhost:1000/'))).toBe('');
  });

  it.each(['a=; Max-Age=0', 'a=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT'])(
    'forgets a cookie that is expired by %s',
    (line) => {
      expect(jarAfter('a=1', line).header(url)).toBe('');
    },
  );
});
