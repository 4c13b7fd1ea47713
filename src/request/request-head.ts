// Owns the head of a request as the rest of the gateway sees it: everything that decides, read from
// the raw headers in one walk.
import type { ClientHop } from './client-hop.ts';
import type { Target } from './target.ts';

/** What the Authorization header holds. Only scheme Bearer is a credential here. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'other' };

/** Headers that tell what kind of client asks. All as received, undefined when absent. */
export interface ClientHints {
  readonly accept: string | undefined;
  readonly requestedWith: string | undefined;
  readonly fetchMode: string | undefined;
  readonly fetchDest: string | undefined;
  readonly fetchSite: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  /** True when the request asks to switch to the WebSocket protocol (RFC 6455 section 4.1). */
  readonly isWebSocket: boolean;
}

export interface RequestHead {
  /** Correlates log lines and error pages; the client's own is kept when it is short and plain. */
  readonly id: string;
  readonly method: string;
  readonly target: Target;
  /** Alternating names and values as received (node:http `rawHeaders`). */
  readonly rawHeaders: readonly string[];
  readonly host: string;
  readonly client: ClientHop;
  readonly authorization: Authorization;
  /** Value of the gateway's session cookie as received; undefined when absent. */
  readonly sessionCookie: string | undefined;
  readonly hints: ClientHints;
  /** Managed identity headers that the client sent under their exact name, lower-cased. */
  readonly removedHeaders: readonly string[];
}
