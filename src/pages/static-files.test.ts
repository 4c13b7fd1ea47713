import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { KEEP_FRAGMENT_SCRIPT_PATH } from './own-paths.ts';
import { staticFiles } from './static-files.ts';

const script = staticFiles.find((file) => file.path === KEEP_FRAGMENT_SCRIPT_PATH)?.body ?? '';

/** Where the script goes on to, from a page whose link and fragment are these. */
function addressAfter(href: string, hash: string): string | undefined {
  let address: string | undefined;
  runInNewContext(script, {
    URL,
    document: { getElementById: (id: string) => (id === 'continue' ? { href } : null) },
    location: { hash, replace: (to: string) => (address = to) },
  });
  return address;
}

describe('the keep-fragment script', () => {
  const link = 'https://kf.example/oauth2/start?rd=%2F_%2Fpipeline%2F%3Fns%3Da&go=1';

  it('moves the fragment into the return address', () => {
    const address = new URL(addressAfter(link, '#/runs/details/1?x=y&z=%20') ?? '');
    expect(address.pathname).toBe('/oauth2/start');
    expect(address.searchParams.get('rd')).toBe('/_/pipeline/?ns=a#/runs/details/1?x=y&z=%20');
    expect(address.searchParams.get('go')).toBe('1');
  });

  it.each(['', '#'])('goes on without a fragment: "%s"', (hash) => {
    const address = new URL(addressAfter(link, hash) ?? '');
    expect(address.searchParams.get('rd')).toBe('/_/pipeline/?ns=a');
  });
});

describe('static files', () => {
  it('have strong validators that differ', () => {
    const tags = staticFiles.map((file) => file.etag);
    expect(tags.every((tag) => /^"[\w-]{22}"$/.test(tag))).toBe(true);
    expect(new Set(tags).size).toBe(staticFiles.length);
  });
});
