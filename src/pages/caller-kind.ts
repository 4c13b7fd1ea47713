// Owns which form of answer a caller of a page can use.
import { readClientKind, type ClientKind } from '../request/client-kind.ts';
import type { RequestHead } from '../request/request-head.ts';

/** As if the request were a GET: HEAD asks for the same answer, and people post our forms. */
export function callerKind(head: RequestHead): ClientKind {
  return readClientKind({ ...head, method: 'GET' });
}
