// Owns the page that asks whether a program may sign in for the person.
import type { Request, Response } from 'express';
import type { SignedIn } from '../../identity/authentication.ts';
import { sendReason } from '../answer.ts';
import type { PageContext } from '../page-dependencies.ts';
import { ownPagePolicy } from '../security-headers.ts';
import type { SignInAction } from '../sign-in-action.ts';

export type ConsentAction = Exclude<SignInAction, { kind: 'create-token' }>;

/** The person has just signed in for the action, and the answer's window is theirs alone. */
export function showConsent(
  ...[{ login }, req, res]: [PageContext, Request, Response, SignedIn, ConsentAction]
): Promise<void> {
  sendReason(req, res, { reason: 'not_found' }, ownPagePolicy(login));
  return Promise.resolve();
}
