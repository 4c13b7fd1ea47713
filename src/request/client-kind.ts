// Owns the kind of client behind a request: who may be redirected to a login and who may not.
import { preferenceFor } from './accept-header.ts';
import type { RequestHead } from './request-head.ts';
import type { Target } from './target.ts';

/**
 * - `navigation`: a person's browser loads a page at the top level; may be redirected.
 * - `frame`: a navigation inside a frame; gets a small page with a link to the top.
 * - `program`: everything else (XHR, fetch, SDK, WebSocket, unsafe methods); gets 401 JSON.
 */
export type ClientKind = 'navigation' | 'frame' | 'program';

/** The part of a request head that tells the kind of client. */
export type ClientClues = Pick<RequestHead, 'method' | 'target' | 'authorization' | 'hints'>;

/**
 * Tells the kind of client. What the browser says of itself (Fetch Metadata) comes first, then what
 * it accepts, then the path alone: proxies in front may drop every header, and browsers send no
 * Sec-Fetch-* to plain-http hosts.
 */
export function readClientKind(clues: ClientClues): ClientKind {
  if (isProgramWhateverItAccepts(clues)) return 'program';
  const { fetchMode, fetchDest, accept } = clues.hints;
  if (fetchMode !== undefined)
    return fetchMode === 'navigate' ? kindOfNavigation(fetchDest) : 'program';
  if (fetchDest !== undefined)
    return fetchDest === 'empty' ? 'program' : kindOfNavigation(fetchDest);
  if (accept !== undefined) return prefersHtml(accept) ? 'navigation' : 'program';
  return isAsset(clues.target) ? 'program' : 'navigation';
}

/** A redirect would turn any method but GET into a GET, and no browser navigates with credentials of its own. */
function isProgramWhateverItAccepts(clues: ClientClues): boolean {
  return (
    clues.method !== 'GET' ||
    clues.hints.isWebSocket ||
    clues.authorization.kind !== 'none' ||
    // WebViews on Android send their package name here, with navigations too.
    clues.hints.requestedWith?.toLowerCase() === 'xmlhttprequest' ||
    isApi(clues.target)
  );
}

/** Paths that only programs ask for, as Kubeflow's own authenticator has them (its `api_routes`). */
function isApi(target: Target): boolean {
  const path = target.path.includes('%') ? `/${target.decodedSegments.join('/')}` : target.path;
  return path.includes('/api/') || path.includes('/apis/') || path.startsWith('/ml_metadata');
}

/** https://fetch.spec.whatwg.org/#concept-request-destination */
function kindOfNavigation(destination: string | undefined): ClientKind {
  switch (destination) {
    case undefined:
    case 'document':
      return 'navigation';
    case 'iframe':
    case 'frame':
    case 'embed':
    case 'object':
      return 'frame';
    default:
      return 'program';
  }
}

/**
 * Every browser names text/html when it navigates; programs that take anything say only that
 * (curl and fetch: a lone wildcard), so a wildcard is no wish for a page.
 */
function prefersHtml(accept: string): boolean {
  const html = Math.max(
    preferenceFor(accept, 'text/html'),
    preferenceFor(accept, 'application/xhtml+xml'),
  );
  const data = Math.max(
    preferenceFor(accept, 'application/json'),
    preferenceFor(accept, 'text/event-stream'),
  );
  return html > 0 && html >= data;
}

/** Parts of a page, never loaded as one: each redirect of theirs would start a sign-in nobody sees. */
const assetEnding =
  /\.(?:m?js|css|map|wasm|ico|png|jpe?g|gif|svg|webp|avif|woff2?|ttf|otf|eot|webmanifest)$/i;

function isAsset(target: Target): boolean {
  return assetEnding.test(target.decodedSegments.at(-1) ?? '');
}
