// Owns what a reason code looks like to a person and to a program.
import type { AccessDetail } from '../access/access-detail.ts';
import type { BearerError } from '../decide.ts';
import { reasons, type ReasonCode } from '../kernel/reasons.ts';
import { accessMembers, accessView } from './access-view.ts';
import { START_PATH, startAddress } from './own-paths.ts';
import type { PageAction, PageView } from './page-template.ts';

export interface ErrorView {
  readonly reason: ReasonCode;
  readonly requestId: string;
  /** Path on this site where the person wanted to go, when it is known. */
  readonly returnTo?: string | undefined;
  /** Seconds after which it is worth trying again; a page then does so by itself. */
  readonly retryAfterSec?: number | undefined;
  /** What to try again; `returnTo` when absent. */
  readonly retryHref?: string | undefined;
  /** What was asked of RBAC, where that is why. */
  readonly access?: AccessDetail | undefined;
  /** Where a token was sent, and that is why. */
  readonly bearerError?: BearerError;
  /** The name that the token's scope lacks. */
  readonly missingScope?: string | undefined;
  /** As whom they are signed in, where that is known. */
  readonly userId?: string | undefined;
}

/** Refusals that a new sign-in may heal although their status is not 401. */
const healedBySignIn: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'return_address_refused',
  'login_attempt_missing',
  'login_state_mismatch',
  'login_refused_by_provider',
  'login_failed',
  'email_not_verified',
  'user_claim_missing',
  'user_claim_invalid',
  'user_claim_reserved',
]);

/** Refusals of the address itself: whoever asks again is told the same. */
const neverHealed: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'route_denied',
  'namespace_ambiguous',
  'namespace_required',
  'method_not_allowed',
  'host_not_served',
  'not_found',
]);

/** The page about a refusal: what happened, what to do next, its code and the request id. */
export function errorPageView(view: ErrorView): PageView {
  const { title, advice } = reasons[view.reason];
  const retryHref = view.retryHref ?? view.returnTo;
  return {
    title,
    text: [advice],
    ...(view.access === undefined ? {} : accessView(view.access, view)),
    action: actionOf(view, retryHref),
    ...(view.retryAfterSec !== undefined && retryHref !== undefined
      ? { refresh: { seconds: view.retryAfterSec, href: retryHref, withoutScript: false } }
      : {}),
    report: { code: view.reason, requestId: view.requestId },
  };
}

/** Stands in for an application in a frame: the sign-in belongs to the whole window. */
export function framePageView(view: ErrorView): PageView {
  const page = errorPageView({ ...view, retryAfterSec: undefined });
  const href = startAddress(view.returnTo ?? '/');
  return { ...page, action: { label: 'Sign in', href, kind: 'top' } };
}

function actionOf(view: ErrorView, retryHref: string | undefined): PageAction | undefined {
  const { status } = reasons[view.reason];
  if (status === 401 || healedBySignIn.has(view.reason)) {
    return { label: 'Sign in again', href: startAddress(view.returnTo ?? '/'), kind: 'top' };
  }
  if (neverHealed.has(view.reason))
    return { label: 'Go to the start page', href: '/', kind: 'top' };
  if (retryHref === undefined) return undefined;
  return { label: 'Try again', href: retryHref, kind: 'link' };
}

/**
 * The same as a problem document (RFC 9457); `code` is the stable name. Where a sign-in heals it,
 * `login_url` says where a person can do that: a program is never redirected there, and whoever sent a
 * token needs a better token.
 */
export function problemDocument(view: ErrorView): Readonly<Record<string, unknown>> {
  const { status, title, advice } = reasons[view.reason];
  const isHealedBySignIn = status === 401 && view.bearerError === undefined;
  return {
    title,
    status,
    detail: advice,
    ...(view.access === undefined ? {} : accessMembers(view.access)),
    ...(view.missingScope === undefined ? {} : { missing_scope: view.missingScope }),
    code: view.reason,
    request_id: view.requestId,
    ...(isHealedBySignIn ? { login_url: START_PATH } : {}),
  };
}
