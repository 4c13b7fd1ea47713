import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { returnedHeaders, workerScope } from './returned-headers.ts';

const SCOPE = '/notebook/ns/name/';

function allowedScope(value: string): string | undefined {
  return returnedHeaders(['Service-Worker-Allowed', value], SCOPE)[1];
}

/** What a browser makes of it: the path that a worker's scope has to begin with. */
function pathForBrowser(value: string | undefined): string {
  return new URL(value ?? '', `https://kubeflow.example.com${SCOPE}worker.js`).pathname;
}

describe('the scope that a service worker may have', () => {
  it.each([SCOPE, `${SCOPE}lab/`, `${SCOPE}..lab/`, `${SCOPE}a.b/`])('may be %j', (value) => {
    expect(allowedScope(value)).toBe(value);
  });

  it.each([
    ...[
      '/',
      '/notebook/',
      '/notebook/ns/name',
      '',
      '.',
      '//evil.example/',
      'https://evil.example/',
    ],
    ...[`${SCOPE}../`, `${SCOPE}..`, `${SCOPE}./../`, `${SCOPE}%2e%2e/`, `${SCOPE}..\\`],
    // A query or fragment ends the path, and browsers drop tabs before they look for dot segments.
    ...[
      `${SCOPE}..?`,
      `${SCOPE}..#`,
      `${SCOPE}.\t./`,
      `${SCOPE}.\t./.\t./.\t./`,
      `${SCOPE}\t..\t/`,
    ],
  ])('is its own prefix instead of %j', (value) => {
    expect(allowedScope(value)).toBe(SCOPE);
  });

  it('never leaves the prefix for a browser, whatever the application says', () => {
    const piece = fc.constantFrom('.', '..', '/', '\t', ' ', '?', '#', '%2e', '\\', ';', ',', 'a');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const value = allowedScope(SCOPE + pieces.join(''));
        expect(pathForBrowser(value).startsWith(SCOPE)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['/notebook/ns/name/lab/worker.js', [], '/notebook/ns/name/'],
    ['/workspace/connect/ns/name/worker.js', [], '/workspace/connect/ns/name/'],
    ['/jupyter/static/worker.js', [], '/jupyter/'],
    ['/a/b/c/worker.js', ['a', 'b'], '/a/b/'],
    ['/worker.js', [], '/'],
  ])('of %s behind %j is at most %s', (path, prefix, scope) => {
    expect(workerScope(path.slice(1).split('/'), prefix)).toBe(scope);
  });
});

describe('cookies of our names', () => {
  it.each([
    ...[
      'kfgw=x',
      'kfgw =x',
      ' \tkfgw=x',
      'kfgw\t=x',
      'kfgw',
      'kfgw; Path=/',
      '=kfgw=x',
      ' = kfgw=x',
    ],
    ...['==kfgw', '__Host-kfgw=x; Path=/; Secure', 'kfgw-login-1=x', '__Host-kfgw-login-123456=x'],
  ])('are not set by an application: %j', (value) => {
    expect(returnedHeaders(['sEt-cOOkie', value], '/')).toEqual([]);
  });

  it.each(['a=b', 'a=kfgw', 'kfgw2=x', 'xkfgw=1', '_xsrf=2|a; Path=/', '__host-kfgw=x'])(
    'are not mistaken: %j',
    (value) => {
      expect(returnedHeaders(['Set-Cookie', value], '/')).toEqual(['Set-Cookie', value]);
    },
  );
});

it('drops what would reach beyond the application, in any case', () => {
  const received = [
    'Clear-Site-Data',
    '"*"',
    'clear-site-data',
    '"cookies"',
    'nel',
    '{}',
    'X',
    '1',
  ];
  expect(returnedHeaders(received, '/')).toEqual(['X', '1']);
});
