// Owns how a request's body is framed: by length, in chunks, or not at all, never by two of them.
import { valueOf, type WalkedHeaders } from './header-walk.ts';
import { tokensOf } from './token-list.ts';

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: string }
  | { readonly kind: 'chunked' }
  /** Framings that servers disagree about, which is how requests are smuggled. */
  | { readonly kind: 'malformed' };

const none: Framing = { kind: 'none' };
const chunked: Framing = { kind: 'chunked' };
const malformed: Framing = { kind: 'malformed' };

/**
 * RFC 9112 sections 6.1 to 6.3, strictly: Content-Length once and in digits, or Transfer-Encoding
 * once and exactly `chunked` (the gateway undoes no other coding). A WebSocket upgrade with a body
 * is malformed: servers disagree on whether its bytes belong to the request or to the new protocol
 * (CVE-2026-69243). Other upgrades are ignored, and with them a body is a body (Java's HttpClient
 * offers `h2c` with every request over plain http).
 */
export function framingOf(walked: WalkedHeaders): Framing {
  const framing = declaredFraming(walked);
  const upgrade = valueOf(walked, 'upgrade');
  if (upgrade === undefined || !tokensOf(upgrade).includes('websocket')) return framing;
  const hasNoBody =
    framing.kind === 'none' || (framing.kind === 'length' && framing.length === '0');
  return hasNoBody ? framing : malformed;
}

function declaredFraming(walked: WalkedHeaders): Framing {
  const length = valueOf(walked, 'content-length');
  const coding = valueOf(walked, 'transfer-encoding');
  if (coding !== undefined) {
    return length === undefined && coding.toLowerCase() === 'chunked' ? chunked : malformed;
  }
  if (length === undefined) return none;
  // Repeated lines have been joined by a comma, which is no digit.
  return /^\d{1,15}$/.test(length) ? { kind: 'length', length } : malformed;
}
