// Owns the page that shows a new token, once.
import type { Request, Response } from 'express';
import type { SignedIn } from '../../identity/authentication.ts';
import { parseTokenScope } from '../../identity/bearer/token-scope.ts';
import type { CreatedToken } from '../../identity/personal-tokens/personal-tokens.ts';
import { sendPage, sendReason } from '../answer.ts';
import type { PageContext } from '../page-dependencies.ts';
import { headOf } from '../request-heads.ts';
import { ownPagePolicy } from '../security-headers.ts';
import type { SignInAction } from '../sign-in-action.ts';

/** Makes the token that the person has just signed in for. Rejects with StoreUnavailable. */
export async function showNewToken(
  context: PageContext,
  req: Request,
  res: Response,
  signedIn: SignedIn,
  action: Extract<SignInAction, { kind: 'create-token' }>,
): Promise<void> {
  const policy = ownPagePolicy(context.login);
  const { credential, principal } = signedIn;
  const created = await createToken(context, credential.person, action);
  if (created.kind === 'refused') {
    sendReason(req, res, { reason: created.reason }, policy);
    return;
  }
  const { summary, token } = created;
  context.logger.info('Somebody made a token.', {
    user: principal.userId,
    token: summary.handle,
    requestId: headOf(req).id,
  });
  sendPage(
    res,
    200,
    {
      title: 'Your new token',
      text: ['Copy it now: it is never shown again.'],
      facts: [{ name: summary.name, value: token }],
    },
    policy,
  );
}

function createToken(
  { tokens }: PageContext,
  person: string,
  { name, scope, lifetimeMs }: Extract<SignInAction, { kind: 'create-token' }>,
): Promise<CreatedToken> {
  const parsed = parseTokenScope(scope);
  if (tokens === undefined || parsed === undefined)
    return Promise.resolve({ kind: 'refused', reason: 'token_wish_refused' });
  return tokens.createToken(person, { name, scope: parsed, lifetimeMs });
}
