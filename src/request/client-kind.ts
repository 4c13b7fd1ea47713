// Owns the kind of client behind a request: who may be redirected to a login and who may not.

/**
 * - `navigation`: a person's browser loads a page at the top level; may be redirected.
 * - `frame`: a navigation inside a frame; gets a small page with a link to the top.
 * - `program`: everything else (XHR, fetch, SDK, WebSocket, unsafe methods); gets 401 JSON.
 */
export type ClientKind = 'navigation' | 'frame' | 'program';
