import { describe, expect, it } from 'vitest';
import { noHints } from '../../test/fixtures/client-hints.ts';
import { readClientKind, type ClientClues, type ClientKind } from './client-kind.ts';
import type { ClientHints } from './request-head.ts';
import { parseTarget } from './target.ts';

function kind(
  url: string,
  hints: Partial<ClientHints> = {},
  change: Partial<ClientClues> = {},
): ClientKind {
  const parsed = parseTarget(url);
  if (parsed.kind === 'refused') throw new Error(`${url} was refused: ${parsed.reason}`);
  return readClientKind({
    method: 'GET',
    target: parsed.target,
    authorization: { kind: 'none' },
    hints: { ...noHints, ...hints },
    ...change,
  });
}

const chromium = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

describe('readClientKind with Fetch Metadata', () => {
  it.each([
    ['navigate', 'document', 'navigation'],
    ['navigate', undefined, 'navigation'],
    ['navigate', 'iframe', 'frame'],
    ['navigate', 'frame', 'frame'],
    ['navigate', 'embed', 'frame'],
    ['navigate', 'object', 'frame'],
    ['navigate', 'empty', 'program'],
    ['cors', 'empty', 'program'],
    ['no-cors', 'script', 'program'],
    ['no-cors', 'image', 'program'],
    ['same-origin', 'empty', 'program'],
    ['websocket', 'empty', 'program'],
    [undefined, 'document', 'navigation'],
    [undefined, 'iframe', 'frame'],
    [undefined, 'script', 'program'],
    [undefined, 'empty', 'program'],
  ] as const)('mode %s to %s is a %s', (fetchMode, fetchDest, expected) => {
    expect(kind('/notebook/team-a/nb/', { fetchMode, fetchDest, accept: '*/*' })).toBe(expected);
  });

  it('trusts the mode more than what is accepted', () => {
    expect(kind('/', { fetchMode: 'cors', accept: chromium })).toBe('program');
  });
});

describe('readClientKind without Fetch Metadata', () => {
  it.each([
    [chromium, 'navigation'],
    ['text/html', 'navigation'],
    ['application/xhtml+xml', 'navigation'],
    ['application/json;q=0.1, text/html;q=0.2', 'navigation'],
    ['text/html, application/json', 'navigation'],
    ['application/json, text/html;q=0.5', 'program'],
    ['text/html;q=0, */*', 'program'],
    ['application/json, text/plain, */*', 'program'],
    ['text/event-stream', 'program'],
    ['*/*', 'program'],
    ['image/avif,image/webp,*/*', 'program'],
    ['', 'program'],
  ] as const)('Accept %j is a %s', (accept, expected) => {
    expect(kind('/', { accept })).toBe(expected);
  });

  it.each([
    ['/', 'navigation'],
    ['/_/jupyter/?ns=team-a', 'navigation'],
    ['/notebook/team-a/nb/lab', 'navigation'],
    ['/pipeline', 'navigation'],
    ['/jupyter/api/namespaces/team-a/notebooks', 'program'],
    ['/api/workgroup/exists', 'program'],
    ['/pipeline/apis/v2beta1/runs', 'program'],
    ['/ml_metadata.MetadataStoreService/GetArtifacts', 'program'],
    ['/dashboard_lib.bundle.js', 'program'],
    ['/assets/logo.SVG', 'program'],
    ['/static/roboto%2ewoff2', 'program'],
  ] as const)('with the path alone, %s is a %s', (url, expected) => {
    expect(kind(url)).toBe(expected);
  });
});

describe('readClientKind on what is never a navigation', () => {
  const navigation = { fetchMode: 'navigate', fetchDest: 'document', accept: chromium } as const;

  it.each([
    '/x/api/y',
    '/apis/x',
    '/x/%61pi/y',
    '/x/y/z/a%2fapi%2fb',
    '/ml_metadata',
    '/ml_metadata/x',
    '/api/',
  ])('%s is an API whatever the browser says', (url) => {
    expect(kind(url, navigation)).toBe('program');
  });

  it.each(['/api', '/apiary/x', '/x?y=/api/', '/x/ml_metadata', '/apisx/'])(
    '%s is not an API',
    (url) => {
      expect(kind(url, navigation)).toBe('navigation');
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'])('%s is a program', (method) => {
    expect(kind('/', navigation, { method })).toBe('program');
  });

  it('a WebSocket, an XMLHttpRequest and a caller with credentials are programs', () => {
    expect(kind('/', { ...navigation, isWebSocket: true })).toBe('program');
    expect(kind('/', { ...navigation, requestedWith: 'XMLHttpRequest' })).toBe('program');
    const bearer = { authorization: { kind: 'bearer', token: 'x' } } as const;
    expect(kind('/', { accept: chromium }, bearer)).toBe('program');
    expect(kind('/', {}, { authorization: { kind: 'other' } })).toBe('program');
  });

  it('a WebView that names its package still navigates', () => {
    expect(kind('/', { accept: chromium, requestedWith: 'com.example.app' })).toBe('navigation');
  });
});
