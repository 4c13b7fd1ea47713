// Owns the explanation of what somebody asks about in words: by a command, or by a query of the local listener.
import type { Random } from '../../kernel/random.ts';
import type { Hygiene } from '../../request/hygiene.ts';
import { readAskedRequest, type AskedRequest } from './asked-request.ts';
import { explanationText } from './explanation-text.ts';
import {
  explainRefusal,
  explainRequest,
  type ExplanationParts,
  type RequestExplanation,
} from './request-explanation.ts';

/** The caller as RBAC sees them: after claim rules, prefixes included. */
export interface AskedCaller {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface AskedParts extends ExplanationParts {
  readonly hygiene: Hygiene;
  readonly random: Random;
  /** Host of URLs that are a path alone. */
  readonly host: string;
}

export function explainAsked(
  { user, groups, ...request }: AskedCaller & AskedRequest,
  parts: AskedParts,
): RequestExplanation {
  const principal = { userId: user, groups };
  const read = readAskedRequest(request, parts.host, parts.hygiene, parts.random);
  return read.kind === 'refused'
    ? explainRefusal(request, principal, read.reason, parts.rbac)
    : explainRequest(read.head, principal, parts);
}

export interface ExplainAnswer {
  readonly status: number;
  readonly value: unknown;
  readonly text: string;
}

/** For `/explain?user=…&group=…&group=…&method=…&url=…`: 200 whatever was decided, 400 for a wrong call. */
export function explainQuery(query: URLSearchParams, parts: AskedParts): ExplainAnswer {
  const [user = '', ...otherUsers] = query.getAll('user');
  const [url = '', ...otherUrls] = query.getAll('url');
  const [method = 'GET', ...otherMethods] = query.getAll('method');
  const surplus = otherUsers.length + otherUrls.length + otherMethods.length;
  if (user === '' || url === '' || surplus > 0) {
    const text =
      'Say user and url, and method where it is not GET, each once; group as often as needed.';
    return { status: 400, value: { error: text }, text };
  }
  const groups = query.getAll('group').filter((group) => group !== '');
  const explanation = explainAsked({ user, groups, method, url }, parts);
  return { status: 200, value: explanation, text: explanationText(explanation) };
}
