// Owns action tickets: they prove that a request comes from the one page that was shown to the one session.
import { MINUTE_MS } from '../kernel/duration.ts';
import { randomId } from '../kernel/random.ts';
import { readQueryParameter } from '../request/query-parameter.ts';
import type { RequestHead } from '../request/request-head.ts';
import type { PageContext } from './page-dependencies.ts';

/**
 * - `look`: shows a page that only a window of its own may hold
 * - `carry-out`: carries out what a person has just signed in for
 * - `consent`: the buttons of the page that asks whether a program may sign in
 * - `revoke`: the button that revokes a token
 */
export type TicketUse = 'look' | 'carry-out' | 'consent' | 'revoke';

const LIFE_MS = 10 * MINUTE_MS;
const ID_BITS = 128;

/**
 * A ticket for one use within ten minutes, good in the session of this handle alone. `content` is
 * sealed into it: the page that gets the ticket can neither read nor change it.
 */
export function issueTicket(
  { clock, random, sealer }: Pick<PageContext, 'clock' | 'random' | 'sealer'>,
  sessionHandle: string,
  use: TicketUse,
  content: string,
): string {
  const ticket = [randomId(random, ID_BITS), clock.nowMs() + LIFE_MS, content];
  return sealer.seal(placeOf(sessionHandle, use), JSON.stringify(ticket)).toString('base64url');
}

/**
 * What `issueTicket` was given, for the first who shows the ticket; undefined for a ticket that was
 * used, has expired, was made for another session or use, or not by us. Rejects with StoreUnavailable.
 */
export async function redeemTicket(
  { clock, sealer, sessions }: Pick<PageContext, 'clock' | 'sealer' | 'sessions'>,
  sessionHandle: string,
  use: TicketUse,
  ticket: string,
): Promise<string | undefined> {
  const opened = sealer.open(placeOf(sessionHandle, use), Buffer.from(ticket, 'base64url'));
  if (opened.kind !== 'opened') return undefined;
  const [id, expiresAtMs, content] = JSON.parse(opened.plaintext) as [string, number, string];
  if (clock.nowMs() >= expiresAtMs) return undefined;
  const isFirst = await sessions.remember(`action-ticket ${id}`, expiresAtMs);
  return isFirst ? content : undefined;
}

/** The ticket in an address of ours; empty, which is none, where there is not just one. */
export function ticketIn({ target }: Pick<RequestHead, 'target'>): string {
  const given = readQueryParameter(target, 'ticket');
  return given.kind === 'value' ? given.value : '';
}

function placeOf(sessionHandle: string, use: TicketUse) {
  return { purpose: 'action-ticket', name: `${use} ${sessionHandle}` } as const;
}
