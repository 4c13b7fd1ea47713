// Owns the way from an Express request back to the head that request hygiene made of it.
import type { IncomingMessage } from 'node:http';
import type { RequestHead } from '../request/request-head.ts';

const heads = new WeakMap<IncomingMessage, RequestHead>();

export function rememberHead(req: IncomingMessage, head: RequestHead): void {
  heads.set(req, head);
}

/** The head of a request that came in through `createPages().handle`; anything else is a bug. */
export function headOf(req: IncomingMessage): RequestHead {
  const head = heads.get(req);
  if (head === undefined) throw new Error('a page was asked without a request head');
  return head;
}
