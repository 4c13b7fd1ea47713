// Owns the way from raw bytes to a RequestHead: every rule of request hygiene in one order, before
// anything else looks at the request.
import { randomId, type Random } from '../kernel/random.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import { readAuthorization } from './authorization.ts';
import { resolveClientHop, type ClientHop } from './client-hop.ts';
import { countCookies, readCookie } from './cookies.ts';
import { checkDecidingSegments, defaultDecidingRule } from './deciding-segments.ts';
import { framingOf } from './framing.ts';
import { isRepeated, valueOf, walkHeaders, type WalkedHeaders } from './header-walk.ts';
import { isHost } from './host.ts';
import type { Hygiene } from './hygiene.ts';
import type { Authorization, ClientHints, RequestHead } from './request-head.ts';
import { forEachHeader, hasControlCharacter } from './raw-headers.ts';
import { parseTarget, type Target } from './target.ts';
import { tokensOf } from './token-list.ts';

/** A request as a listener received it. */
export interface RawRequest {
  readonly method: string;
  readonly url: string;
  /** Alternating names and values as received. */
  readonly rawHeaders: readonly string[];
  /** Address of the socket's other end. */
  readonly peerAddress: string;
  readonly isEncrypted: boolean;
  /**
   * True when the values surely hold no control character because node:http parsed them, whose
   * parser refuses the request itself. Left out, each value is looked through here.
   */
  readonly hasCheckedValues?: boolean;
}

export type ReadRequestHead =
  | { readonly kind: 'head'; readonly head: RequestHead }
  | { readonly kind: 'refused'; readonly reason: ReasonCode; readonly requestId: string };

const methods: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
]);

/** Reads the head of a request, or refuses the request with the first reason found. */
export function readRequestHead(
  request: RawRequest,
  hygiene: Hygiene,
  random: Random,
): ReadRequestHead {
  const read = readAll(request, hygiene);
  if (read.kind === 'refused') {
    const requestId = idAmong(request.rawHeaders) ?? newRequestId(random);
    return { kind: 'refused', reason: read.reason, requestId };
  }
  const { target, walked, host, client, authorization, sessionCookie } = read;
  const head: RequestHead = {
    id: plainId(valueOf(walked, 'x-request-id')) ?? newRequestId(random),
    method: request.method,
    target,
    rawHeaders: request.rawHeaders,
    host,
    client,
    authorization,
    sessionCookie,
    hints: hintsOf(walked, request.method),
    removedHeaders: walked.removedHeaders,
  };
  return { kind: 'head', head };
}

interface Read {
  readonly kind: 'read';
  readonly target: Target;
  readonly walked: WalkedHeaders;
  readonly host: string;
  readonly client: ClientHop;
  readonly authorization: Authorization;
  readonly sessionCookie: string | undefined;
}

interface Refused {
  readonly kind: 'refused';
  readonly reason: ReasonCode;
}

function readAll(request: RawRequest, hygiene: Hygiene): Read | Refused {
  if (!methods.has(request.method)) return refuse('method_not_supported');
  if (request.url.length > hygiene.limits.urlBytes) return refuse('url_too_long');
  const parsed = parseTarget(request.url);
  if (parsed.kind === 'refused') return parsed;
  const reason = checkDecidingSegments(parsed.target, defaultDecidingRule(parsed.target));
  if (reason !== undefined) return refuse(reason);
  if (request.hasCheckedValues !== true && request.rawHeaders.some(hasControlCharacter)) {
    return refuse('malformed_request');
  }
  const walked = walkHeaders(request.rawHeaders, hygiene.headers, hygiene.limits);
  return walked.kind === 'refused' ? walked : readHeaders(parsed.target, walked, request, hygiene);
}

function readHeaders(
  target: Target,
  walked: WalkedHeaders,
  request: RawRequest,
  hygiene: Hygiene,
): Read | Refused {
  const host = valueOf(walked, 'host');
  // Repeated lines have been joined by a comma, and a list is no host.
  if (host === undefined || !isHost(host)) return refuse('host_ambiguous');
  if (framingOf(walked).kind === 'malformed') return refuse('malformed_request');
  const expectation = valueOf(walked, 'expect');
  if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') {
    return refuse('expectation_failed');
  }
  const authorization = readAuthorization(valueOf(walked, 'authorization'));
  if (authorization === undefined || isRepeated(walked, 'authorization')) {
    return refuse('authorization_ambiguous');
  }
  const session = readSessionCookie(valueOf(walked, 'cookie'), hygiene);
  if (session.kind === 'refused') return session;
  const client = clientOf(walked, host, request, hygiene);
  return {
    kind: 'read',
    target,
    walked,
    host,
    client,
    authorization,
    sessionCookie: session.value,
  };
}

function readSessionCookie(
  header: string | undefined,
  hygiene: Hygiene,
): { readonly kind: 'read'; readonly value: string | undefined } | Refused {
  if (header === undefined) return { kind: 'read', value: undefined };
  const { cookieBytes, cookieCount } = hygiene.limits;
  if (header.length > cookieBytes || countCookies(header) > cookieCount) {
    return refuse('headers_too_large');
  }
  const cookie = readCookie(header, hygiene.ownCookies.session);
  if (cookie.kind === 'ambiguous') return refuse('cookie_ambiguous');
  return { kind: 'read', value: cookie.kind === 'value' ? cookie.value : undefined };
}

function clientOf(
  walked: WalkedHeaders,
  host: string,
  request: RawRequest,
  hygiene: Hygiene,
): ClientHop {
  return resolveClientHop(
    {
      peerAddress: request.peerAddress,
      isEncrypted: request.isEncrypted,
      host,
      forwarded: valueOf(walked, 'forwarded'),
      forwardedFor: valueOf(walked, 'x-forwarded-for'),
      forwardedProto: valueOf(walked, 'x-forwarded-proto'),
      forwardedHost: valueOf(walked, 'x-forwarded-host'),
    },
    hygiene.trustedProxies,
  );
}

function hintsOf(walked: WalkedHeaders, method: string): ClientHints {
  return {
    accept: valueOf(walked, 'accept'),
    requestedWith: valueOf(walked, 'x-requested-with'),
    fetchMode: valueOf(walked, 'sec-fetch-mode'),
    fetchDest: valueOf(walked, 'sec-fetch-dest'),
    fetchSite: valueOf(walked, 'sec-fetch-site'),
    origin: valueOf(walked, 'origin'),
    referer: valueOf(walked, 'referer'),
    isWebSocket: isWebSocket(walked, method),
  };
}

/** RFC 6455 section 4.1: a GET that asks to upgrade to `websocket`, among others perhaps. */
function isWebSocket(walked: WalkedHeaders, method: string): boolean {
  const upgrade = valueOf(walked, 'upgrade');
  if (upgrade === undefined || method !== 'GET') return false;
  const connection = valueOf(walked, 'connection') ?? '';
  return tokensOf(upgrade).includes('websocket') && tokensOf(connection).includes('upgrade');
}

const REQUEST_ID_BITS = 128;

/** The client's or a proxy's own id when it is one short plain word: it ends in logs and pages. */
function plainId(id: string | undefined): string | undefined {
  return id !== undefined && /^[\w.-]{1,64}$/.test(id) ? id : undefined;
}

function newRequestId(random: Random): string {
  return randomId(random, REQUEST_ID_BITS);
}

/** For a refused request, whose headers may not have been walked to their end. */
function idAmong(rawHeaders: readonly string[]): string | undefined {
  let id: string | undefined;
  forEachHeader(rawHeaders, (name, value) => {
    if (name.toLowerCase() === 'x-request-id') id = value;
  });
  return plainId(id);
}

function refuse(reason: ReasonCode): Refused {
  return { kind: 'refused', reason };
}
