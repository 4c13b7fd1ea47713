import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, type Target } from '../request/target.ts';
import { createUpstreamTable, type UpstreamOptions } from './upstream-table.ts';

function entry(prefix: string, options: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return {
    prefix,
    url: 'http://application.test:8080',
    access: 'authenticated',
    connectTimeoutMs: 1_000,
    responseTimeoutMs: 1_000,
    ...options,
  };
}

function target(path: string): Target {
  const parsed = parseTarget(path);
  if (parsed.kind === 'refused') throw new Error(`${path}: ${parsed.reason}`);
  return parsed.target;
}

describe('the upstream of a target', () => {
  const table = createUpstreamTable([
    entry('/'),
    entry('/notebook/'),
    entry('/notebook/team/public', { access: 'public' }),
    entry('/dex', { access: 'public' }),
    entry('/dex/admin'),
  ]);

  it.each([
    ['/', '/', 'authenticated'],
    ['/notebook', '/notebook', 'authenticated'],
    ['/notebook/', '/notebook', 'authenticated'],
    ['/notebook/ns/name?x=/dex', '/notebook', 'authenticated'],
    ['/notebooks/', '/', 'authenticated'],
    ['/Notebook/', '/', 'authenticated'],
    ['/notebook/team/public/x', '/notebook/team/public', 'public'],
    ['/notebook/team/publicity', '/notebook', 'authenticated'],
    ['/dex/auth', '/dex', 'public'],
    ['/dex/admin', '/dex/admin', 'authenticated'],
    ['/dex/administrator', '/dex', 'public'],
    ['/x/dex/auth', '/', 'authenticated'],
  ])('of %s is that of %s: %s', (path, id, access) => {
    const found = table.match(target(path));
    expect(found?.upstream.id).toBe(id);
    expect(found?.route).toMatchObject({ id, access });
  });

  it.each(['/%64ex/auth', '/dex/%61dmin', '/notebook/team/public%2fx', '/dex/%61dmin/x'])(
    'is never public when one of two readers would not have it so: %s',
    (path) => {
      expect(table.match(target(path))?.route.access).toBe('authenticated');
    },
  );

  it('is never public unless the path has the prefix as received and decoded', () => {
    const segment = fc.constantFrom('dex', 'admin', '%64ex', '%61dmin', 'notebook', 'team', 'x');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const asked = target(`/${segments.join('/')}`);
        if (table.match(asked)?.route.access !== 'public') return;
        const isDex = (path: readonly string[]): boolean =>
          path[0] === 'dex' && path[1] !== 'admin';
        const isTeam = (path: readonly string[]): boolean => path[2] === 'public';
        expect(isDex(asked.segments) || isTeam(asked.segments)).toBe(true);
        expect(isDex(asked.decodedSegments) || isTeam(asked.decodedSegments)).toBe(true);
      }),
    );
  });

  it('is none where no prefix matches', () => {
    expect(createUpstreamTable([]).match(target('/'))).toBeUndefined();
    expect(createUpstreamTable([entry('/a')]).match(target('/b'))).toBeUndefined();
  });

  it('carries what is configured, and hands on no credential by default', () => {
    const [upstream] = createUpstreamTable([entry('/')]).upstreams;
    expect(upstream).toMatchObject({
      sendAssertion: false,
      passAuthorization: false,
      passOwnCookies: false,
      tls: {},
    });
    const programs = createUpstreamTable([entry('/', { neverRedirect: true })]);
    expect(programs.match(target('/x'))?.route.neverRedirect).toBe(true);
  });
});

describe('a table that cannot be meant', () => {
  it.each([
    ['the same prefix twice', [entry('/a'), entry('/a/')]],
    ['a URL with a path', [entry('/', { url: 'http://application.test/base' })]],
    ['a URL with a query', [entry('/', { url: 'http://application.test/?a' })]],
    ['a URL with credentials', [entry('/', { url: 'http://user@application.test/' })]],
  ])('has %s', (_what, entries) => {
    expect(() => createUpstreamTable(entries)).toThrow(RangeError);
  });
});
