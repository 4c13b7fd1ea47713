// Owns the headers of a request towards an application: what the client may send, then what only
// the gateway says.
import type { IncomingHttpHeaders } from 'node:http';
import { tellsCallersByAuthorization } from '../access/catalogue/passed-authorization.ts';
import type { Upstream } from '../access/upstream-table.ts';
import type { Permit, Public, Question } from '../decide.ts';
import type { Hygiene } from '../request/hygiene.ts';
import { hopHeaders, keptHeaders } from '../request/upstream-headers.ts';

/** Carries the session JWT; managed, so a client's own never gets here. */
export const ASSERTION_HEADER = 'x-kfgw-assertion';

/**
 * The complete list: nothing that is not in it is sent, save `Connection` (RFC 9110 section 7.6.1).
 * Names are in lower case, so that no spelling can stand beside another; what the gateway sets
 * replaces whatever has its name. A client's repeated headers stay repeated and in order.
 * The object has no prototype: `__proto__` is an ordinary name.
 */
export function outgoingHeaders(
  question: Question,
  permission: Permit | Public,
  upstream: Upstream,
  hygiene: Hygiene,
): IncomingHttpHeaders {
  const { head } = question;
  // Not setPrototypeOf: that gives each request's object a shape of its own, at twice the cost.
  const headers = Object.create(null) as IncomingHttpHeaders;
  const kept = keptHeaders(head, hygiene, {
    authorization: passesAuthorization(question, upstream),
    ownCookies: upstream.passOwnCookies,
  });
  forEachHeader(kept, (name, value) => {
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = Array.isArray(before) ? [...before, value] : [before, value];
  });
  forEachHeader(hopHeaders(head), (name, value) => {
    headers[name] = value;
  });
  if (permission.kind === 'public') return headers;
  for (const [name, value] of permission.identity.headers) headers[name.toLowerCase()] = value;
  if (upstream.sendAssertion) headers[ASSERTION_HEADER] = permission.identity.assertion();
  return headers;
}

/**
 * By its row of the catalogue, or by the application's entry as far as that reaches: not a bearer token,
 * which could be used elsewhere as the caller, on public rows as well, where nobody looked at it.
 */
function passesAuthorization({ head, match }: Question, upstream: Upstream): boolean {
  if (match.kind !== 'route') return false;
  const { passAuthorization, class: routeClass } = match.route;
  if (passAuthorization) return true;
  if (head.authorization.kind === 'bearer' || tellsCallersByAuthorization(routeClass)) return false;
  return upstream.passAuthorization;
}

/** The same as alternating names and values, for a request that asks to become a WebSocket. */
export function upgradeHeaders(headers: IncomingHttpHeaders): string[] {
  const list = ['connection', 'Upgrade', 'upgrade', 'websocket'];
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) list.push(name, one);
  }
  return list;
}

function forEachHeader(
  list: readonly string[],
  take: (lowerName: string, value: string) => void,
): void {
  for (let at = 0; at + 1 < list.length; at += 2) {
    take((list[at] ?? '').toLowerCase(), list[at + 1] ?? '');
  }
}
