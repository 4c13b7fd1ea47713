// Owns GET /oauth2/tokens: a person's tokens, the way to revoke each, and the form for a new one.
import type { RequestHandler } from 'express';
import { formatTokenScope } from '../../identity/bearer/token-scope.ts';
import type {
  PersonalTokens,
  TokenSummary,
} from '../../identity/personal-tokens/personal-tokens.ts';
import { issueTicket } from '../action-ticket.ts';
import { redirect, sendPage, sendReason } from '../answer.ts';
import { authenticateRequest } from '../authenticate-request.ts';
import { REVOKE_TOKEN_PATH, startAddress, TOKENS_PATH } from '../own-paths.ts';
import { isOwnWindow } from '../own-window.ts';
import type { PageContext } from '../page-dependencies.ts';
import type { PageForm, PageTable } from '../page-form.ts';
import type { PageView } from '../page-template.ts';
import { headOf } from '../request-heads.ts';
import { ownPagePolicy } from '../security-headers.ts';
import { newTokenForm } from './token-form.ts';
import { timeText } from './time-text.ts';

/** A navigation of a whole window, so who is not signed in can be sent to the sign-in. */
export function tokenList(context: PageContext, tokens: PersonalTokens): RequestHandler {
  return async (req, res) => {
    const policy = ownPagePolicy(context.login);
    const who = await authenticateRequest(headOf(req), context.authenticator);
    if (who.kind === 'absent') redirect(res, startAddress(TOKENS_PATH));
    else if (who.kind === 'unavailable') sendReason(req, res, who, policy);
    else if (await isOwnWindow(context, req, res, who.identity)) {
      const { credential, principal } = who.identity;
      const summaries = await tokens.list(credential.person);
      const ticketFor = (handle: string) =>
        issueTicket(context, credential.sessionHandle, 'revoke', handle);
      const view = listView(summaries, principal.userId, ticketFor);
      const forms = [newTokenForm(tokens.maxLifetimeMs)];
      sendPage(res, 200, { ...view, forms }, policy);
    }
  };
}

type TicketFor = (handle: string) => string;

function listView(
  summaries: readonly TokenSummary[],
  userId: string,
  ticketFor: TicketFor,
): PageView {
  const about =
    'Programs use Kubeflow in your name with a token, without a browser. What it may do is never more than what you may do at that moment.';
  return {
    title: 'Your tokens',
    text: summaries.length === 0 ? [about, 'You have none.'] : [about],
    isWide: true,
    ...(summaries.length === 0 ? {} : { table: tableOf(summaries, ticketFor) }),
    facts: [{ name: 'You are', value: userId }],
  };
}

function tableOf(summaries: readonly TokenSummary[], ticketFor: TicketFor): PageTable {
  return {
    caption: 'Tokens and command-line sign-ins, newest first',
    columns: ['Name', 'Kind', 'Scope', 'Made', 'Last used', 'Expires', 'End it'],
    rows: summaries.map((summary) => ({
      cells: [
        summary.name,
        summary.kind === 'login' ? 'command line' : 'token',
        formatTokenScope(summary.scope),
        timeText(summary.createdAtMs),
        summary.lastUsedAtMs === undefined ? 'never' : timeText(summary.lastUsedAtMs),
        timeText(summary.expiresAtMs),
      ],
      form: revokeForm(summary, ticketFor(summary.handle)),
    })),
  };
}

function revokeForm({ name }: TokenSummary, ticket: string): PageForm {
  return {
    method: 'post',
    href: REVOKE_TOKEN_PATH,
    fields: [{ kind: 'hidden', name: 'ticket', value: ticket }],
    buttons: [{ label: 'Revoke', description: `Revoke ${name}`, isQuiet: true }],
  };
}
