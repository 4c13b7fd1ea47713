// Owns turning a method and a URL, as somebody asks about them, into the head of the request that they mean.
import type { Random } from '../../kernel/random.ts';
import type { Hygiene } from '../../request/hygiene.ts';
import { readRequestHead, type ReadRequestHead } from '../../request/read-request-head.ts';

export interface AskedRequest {
  readonly method: string;
  /** Absolute (http, https, ws, wss) or a path; a fragment is left out, as browsers do. */
  readonly url: string;
}

/** The head that a listener would make of it, or the refusal. `host` is that of URLs without one. */
export function readAskedRequest(
  { method, url }: AskedRequest,
  host: string,
  hygiene: Hygiene,
  random: Random,
): ReadRequestHead {
  const { scheme, authority, target } = partsOf(url, host);
  const upgrade = scheme.startsWith('ws') ? ['connection', 'Upgrade', 'upgrade', 'websocket'] : [];
  return readRequestHead(
    {
      method: method.toUpperCase(),
      url: target,
      rawHeaders: ['host', authority, ...upgrade],
      peerAddress: '127.0.0.1',
      isEncrypted: scheme.endsWith('s'),
    },
    hygiene,
    random,
  );
}

/** RFC 3986 appendix B, without resolving anything: what is asked about must stay as it is written. */
const absolute = /^(https?|wss?):\/\/([^/?]*)(.*)$/is;

function partsOf(url: string, host: string) {
  const [plain = ''] = url.split('#', 1);
  const [, scheme, authority = '', rest = ''] = absolute.exec(plain) ?? [];
  if (scheme === undefined) return { scheme: 'http', authority: host, target: plain };
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  return { scheme: scheme.toLowerCase(), authority, target };
}
