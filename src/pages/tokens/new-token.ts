// Owns making a token: the fresh sign-in before it, and the page behind it that shows the token once.
import type { Request, RequestHandler, Response } from 'express';
import type { SignedIn } from '../../identity/authentication.ts';
import { parseTokenScope } from '../../identity/bearer/token-scope.ts';
import { readParameters } from '../../identity/oauth/parameters.ts';
import type {
  CreatedToken,
  PersonalTokens,
} from '../../identity/personal-tokens/personal-tokens.ts';
import { sendPage, sendReason } from '../answer.ts';
import { beginActionSignIn } from '../begin-action.ts';
import { TOKENS_PATH, USER_INFO_PATH } from '../own-paths.ts';
import type { PageContext } from '../page-dependencies.ts';
import type { PageView } from '../page-template.ts';
import { headOf } from '../request-heads.ts';
import { scopeText } from '../scope-text.ts';
import { ownPagePolicy } from '../security-headers.ts';
import { timeText } from './time-text.ts';
import { readNewToken, type NewToken } from './token-form.ts';

/** Takes what newTokenForm sends; who asks need not be signed in yet. */
export function beginNewToken(
  context: PageContext,
  { maxLifetimeMs }: Pick<PersonalTokens, 'maxLifetimeMs'>,
): RequestHandler {
  return async (req, res) => {
    const sent = readParameters(headOf(req).target.query ?? '');
    const action = sent && readNewToken(sent, maxLifetimeMs);
    if (action === undefined) refuse(context, req, res, 'token_wish_refused');
    else await beginActionSignIn(context, req, res, action);
  };
}

/** Makes the token that the person has just signed in for. Rejects with StoreUnavailable. */
export async function showNewToken(
  context: PageContext,
  req: Request,
  res: Response,
  { credential, principal }: SignedIn,
  action: NewToken,
): Promise<void> {
  const created = await createToken(context, credential.person, action);
  if (created.kind === 'refused') {
    refuse(context, req, res, created.reason);
    return;
  }
  const head = headOf(req);
  const token = created.summary.handle;
  context.logger.info('Somebody made a token.', {
    user: principal.userId,
    token,
    requestId: head.id,
  });
  const [origin = `${head.client.scheme}://${head.client.host}`] = context.options.publicOrigins;
  sendPage(res, 200, newTokenView(created, principal.userId, origin), ownPagePolicy(context.login));
}

/** Where tokens were switched off after the sign-in began, or its scope is of another release, there is none. */
function createToken(
  { tokens }: PageContext,
  person: string,
  { name, scope: text, lifetimeMs }: NewToken,
): Promise<CreatedToken> {
  const scope = parseTokenScope(text);
  if (tokens === undefined || scope === undefined)
    return Promise.resolve({ kind: 'refused', reason: 'token_wish_refused' });
  return tokens.createToken(person, { name, scope, lifetimeMs });
}

function refuse(
  { login }: PageContext,
  req: Request,
  res: Response,
  reason: Extract<CreatedToken, { kind: 'refused' }>['reason'],
): void {
  sendReason(req, res, { reason, retryHref: TOKENS_PATH }, ownPagePolicy(login));
}

function newTokenView(
  { summary, token }: Extract<CreatedToken, { kind: 'created' }>,
  userId: string,
  origin: string,
): PageView {
  return {
    title: 'Your new token',
    isWide: true,
    text: [
      'Copy it now: it is never shown again. Keep it like a password.',
      ...scopeText(summary.scope),
    ],
    copy: { label: 'Token', value: token },
    example: `curl -H "Authorization: Bearer $TOKEN" ${origin}${USER_INFO_PATH}`,
    action: { label: 'Your tokens', href: TOKENS_PATH, kind: 'link' },
    facts: [
      { name: 'Name', value: summary.name },
      { name: 'Acts for', value: userId },
      { name: 'Expires', value: timeText(summary.expiresAtMs) },
    ],
  };
}
