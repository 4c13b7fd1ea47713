// Owns the judgement of an address to return to after signing in: a path on this site or nothing.

export type ReturnAddress =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'refused' };

const refused: ReturnAddress = { kind: 'refused' };

/** Longer than any URL that the gateway accepts by default. */
const MAX_LENGTH = 16_384;

// Two sites that differ in scheme, host, port and path: what is a path on this site for a browser
// leads to the same path on both, and what names a site (or is relative) does not.
const SITES = [new URL('https://one.invalid/'), new URL('http://two.invalid:8080/some/where/')];

// Pages of the gateway that start, end or continue a sign-in: going there afterwards is a loop, or
// undoes it.
const SIGN_IN_PAGES = new Set([
  '/logout',
  '/oauth2/start',
  '/oauth2/callback',
  '/oauth2/sign_in',
  '/oauth2/sign_out',
  '/oauth2/backchannel-logout',
]);

/**
 * The same-origin path, with query and fragment, that a browser would go to for `text`; judged by the
 * parser that browsers use (WHATWG URL), never by string tests. The path is the parser's own spelling,
 * and reading it again yields itself, so that `/.//evil` cannot become `//evil` on the way.
 */
export function readReturnAddress(text: string | undefined): ReturnAddress {
  if (text === undefined || text.length > MAX_LENGTH) return refused;
  const path = pathOnThisSite(text);
  if (path === undefined || pathOnThisSite(path) !== path || leadsToSignIn(path)) return refused;
  return { kind: 'path', path };
}

function pathOnThisSite(text: string): string | undefined {
  const paths = SITES.map((site) => {
    const url = URL.parse(text, site.href);
    return url?.origin === site.origin ? url.pathname + url.search + url.hash : undefined;
  });
  return paths[0] === paths[1] ? paths[0] : undefined;
}

function leadsToSignIn(path: string): boolean {
  const { pathname } = new URL(path, SITES[0]);
  const decoded = decodedPath(pathname);
  return decoded === undefined || SIGN_IN_PAGES.has(decoded.replace(/\/+$/, ''));
}

/** Undefined when the path is not correctly encoded: the gateway would answer 400 there. */
function decodedPath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}
