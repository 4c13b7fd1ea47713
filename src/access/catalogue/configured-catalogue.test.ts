import { describe, expect, it } from 'vitest';
import { configuredCatalogue } from './configured-catalogue.ts';
import { publicPaths } from './public-rows.ts';

const access = { openVerb: 'get', unmatched: 'authenticated' } as const;

describe('the shipped catalogue', () => {
  const loaded = configuredCatalogue({ access, inferenceHosts: [], publicOrigins: [] });

  it('has nothing that the linter could find', () => {
    expect(loaded).toMatchObject({ kind: 'loaded', warnings: [] });
  });

  it('is public where people sign in, and nowhere else', () => {
    const rows = loaded.kind === 'loaded' ? loaded.rows : [];
    expect(publicPaths(rows).map(({ path }) => path)).toEqual([
      '/dex/{page}/**',
      '/dex/token/**',
      '/dex/userinfo/**',
      '/dex/device/**',
      '/oauth2/{page}/**',
    ]);
  });

  it('says of what service accounts cannot use why that is', () => {
    const rows = loaded.kind === 'loaded' ? loaded.rows : [];
    const closed = rows.filter(({ serviceAccountsCannot }) => serviceAccountsCannot !== undefined);
    const classes = new Set(closed.map((row) => row.class));
    expect(classes).toEqual(
      new Set(['notebooks', 'volumes', 'tensorboards', 'katib', 'workspaces']),
    );
  });
});
