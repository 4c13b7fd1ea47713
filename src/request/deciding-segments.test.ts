import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDecidingSegments, defaultDecidingRule } from './deciding-segments.ts';
import { parseTarget, type Target } from './target.ts';

function target(raw: string): Target {
  const parsed = parseTarget(raw);
  if (parsed.kind === 'refused') throw new Error(`${raw} was refused: ${parsed.reason}`);
  return parsed.target;
}

function verdict(raw: string): string {
  const judged = target(raw);
  return checkDecidingSegments(judged, defaultDecidingRule(judged)) ?? 'accepted';
}

describe('which segments decide by default', () => {
  it.each([
    ['/anything/at/all/x', 3],
    ['/notebook/team-a/nb/lab', 3],
    ['/workspace/connect/team-a/ws/8888', 4],
    ['/workspace/other/x/y', 3],
    ['/jupyter/api/namespaces/team-a/notebooks', 4],
    ['/jupyter/api/sse/namespaces/team-a/notebooks', 5],
    ['/jupyter/api/sse/other', 4],
    ['/jupyter/apix/namespaces/team-a', 3],
  ])('%s: the first %i', (raw, count) => {
    expect(defaultDecidingRule(target(raw)).count).toBe(count);
  });
});

describe('checkDecidingSegments where segments decide', () => {
  it.each([
    '/a//b',
    '/a/b//',
    '/notebook/team-a//nb',
    '/workspace/connect/team-a//ws',
    '/jupyter/api/sse//namespaces/team-a',
    '/jupyter/api/namespaces//team-a',
  ])('refuses the empty segment in %s', (raw) => {
    expect(verdict(raw)).toBe('target_ambiguous');
  });

  it.each([
    ...['/a%2fb', '/notebook%2Fteam-a/nb', '/notebook/team-a%2Fnb', '/a/b/c%2fd'],
    ...['/%2541', '/a/b/100%25', '/workspace/connect/team-a/w%2fs'],
    ...['/a;x/b', '/a/b;v=1', '/a/b/c%3bd', '/jupyter/api/sse/namespaces/team;a'],
  ])('refuses the slash, percent sign or semicolon in %s', (raw) => {
    expect(verdict(raw)).toBe('target_ambiguous');
  });

  it.each([
    '/%6eotebook/team-a/nb/',
    '/notebook/%74eam-a/nb',
    '/jupyter/api/sse/%6eamespaces/team-a',
    '/a/b/c%2Dd',
    '/a%7e',
    '/%5f/x',
    '/a/x%30',
  ])('refuses %s: a router that does not decode would go elsewhere', (raw) => {
    expect(verdict(raw)).toBe('target_ambiguous');
  });

  it.each([
    ...['/notebook/Team-A/nb', '/notebook/team_a/nb/', '/notebook/-a/nb', '/notebook/team.a/nb'],
    ...['/notebook/team-a/NB/', '/notebook/team-a/*', '/tensorboard/a/b~', '/pvcviewers/a/b@c'],
    ...['/serving/%20/x', '/serving/a/%C3%A9', `/notebook/${'a'.repeat(64)}/nb`],
    ...['/workspace/connect/A/b/1', '/workspace/connect/a/b_c/1', `/serving/a/${'b'.repeat(254)}`],
    ...[
      '/jupyter/api/namespaces/Team',
      '/x/api/sse/namespaces/a.b',
      '/volumes/api/namespaces/a:b/pvcs',
    ],
  ])('refuses %s: not a Kubernetes name', (raw) => {
    expect(verdict(raw)).toBe('target_name');
  });

  it.each([
    ...[
      '/',
      '/a',
      '/a/',
      '/a/b/',
      '/notebook',
      '/notebook/',
      '/notebook/team-a',
      '/notebook/team-a/',
    ],
    ...['/notebook/team-a/nb', '/notebook/team-a/my.nb/', `/notebook/${'a'.repeat(63)}/nb`],
    ...['/workspace/connect/', '/workspace/connect/team-a', '/jupyter/api/namespaces'],
    ...['/jupyter/api/namespaces/team-a', '/jupyter/api/namespaces/', '/jupyter/api/sse/'],
    ...[
      '/a b'.replace(' ', '%20'),
      '/dex/static/main%40x.css',
      '/.well-known/jwks.json',
      '/_/jupyter/',
    ],
  ])('accepts %s', (raw) => {
    expect(verdict(raw)).toBe('accepted');
  });
});

describe('checkDecidingSegments behind the segments that decide', () => {
  it.each([
    '/notebook/team-a/nb/files//a',
    '/notebook/team-a/nb/files/a%2Fb/100%25/c;d/%41',
    '/workspace/connect/team-a/ws/8888//x%2fy;z',
    '/jupyter/api/namespaces/team-a/notebooks/My%2fNotebook',
    '/notebook/team-a/nb/api/contents/namespaces/My%20Folder',
  ])('lets %s pass', (raw) => {
    expect(verdict(raw)).toBe('accepted');
  });

  it('takes the number of deciding segments from a route', () => {
    const rule = { count: 1, namespaceAt: undefined, objectAt: undefined };
    expect(checkDecidingSegments(target('/a/b;c//d'), rule)).toBeUndefined();
    expect(checkDecidingSegments(target('/a;b/c'), rule)).toBe('target_ambiguous');
  });
});

/** What Envoy's prefix match sees: raw bytes, after path normalisation of one of its modes. */
const routers: Readonly<Record<string, (path: string) => string>> = {
  raw: (path) => path,
  mergesSlashes: (path) => path.replaceAll(/\/{2,}/g, '/'),
  decodesOnce: (path) => decodeURIComponent(path),
  decodesSlashesAndMerges: (path) => path.replaceAll(/%2f|%5c/gi, '/').replaceAll(/\/{2,}/g, '/'),
  dropsParameters: (path) => path.replaceAll(/;[^/]*/g, ''),
};

describe('checkDecidingSegments as a property', () => {
  const segment = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('notebook', 'workspace', 'connect', 'jupyter', 'api') },
    { weight: 2, arbitrary: fc.constantFrom('namespaces', 'sse', 'team-a', 'team-b', 'nb', '') },
    fc.constantFrom('%6eotebook', 'team-a%2fnb', 'team-a;x', '%74eam-a', 'nb%2525', ';', 'a%20b'),
    fc.string({ maxLength: 3 }).map(encodeURIComponent),
  );

  it.each(Object.keys(routers))(
    'what decides is the same to us and to a router that reads paths its own way: %s',
    (name) => {
      const router = routers[name] ?? String;
      fc.assert(
        fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (parts) => {
          const parsed = parseTarget(`/${parts.join('/')}`);
          if (parsed.kind === 'refused') return;
          const { target: judged } = parsed;
          const rule = defaultDecidingRule(judged);
          if (checkDecidingSegments(judged, rule) !== undefined) return;
          const { count } = rule;
          const seen = router(judged.path).slice(1).split('/').slice(0, count);
          const names = judged.decodedSegments.slice(0, count);
          const isPlain = names.every((text) => /^[\w.~-]*$/.test(text));
          if (isPlain && judged.segments.length >= count) expect(seen).toEqual(names);
        }),
        { numRuns: 2000 },
      );
    },
  );
});
