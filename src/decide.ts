// Owns the decision: the one function that every door asks, and the only maker of Permit and Public.
import type { Route } from './access/route.ts';
import type { Authentication, Identity } from './identity/authentication.ts';
import type { ReasonCode } from './kernel/reasons.ts';
import type { ClientKind } from './request/client-kind.ts';
import type { RequestHead } from './request/request-head.ts';

const maker = Symbol('made by decide');

/** Proof that an identified caller may pass; nothing is forwarded without it or Public. */
export class Permit {
  readonly kind = 'permit';
  readonly identity: Identity;

  constructor(proof: typeof maker, identity: Identity) {
    if (proof !== maker) throw new TypeError('only decide() makes a Permit');
    this.identity = identity;
  }
}

/** Proof that the route is public: forwarded without any identity header. */
export class Public {
  readonly kind = 'public';

  constructor(proof: typeof maker) {
    if (proof !== maker) throw new TypeError('only decide() makes a Public');
  }
}

export type Outcome =
  | Permit
  | Public
  /** Sign in, or 401: `client` says which form the caller can use. */
  | { readonly kind: 'challenge'; readonly reason: ReasonCode; readonly client: ClientKind }
  | { readonly kind: 'refuse'; readonly reason: ReasonCode }
  | { readonly kind: 'unavailable'; readonly reason: ReasonCode; readonly retryAfterSec: number };

/** What `decide` looks at besides the identity. `client` is told by request/client-kind.ts. */
export interface Question {
  readonly head: RequestHead;
  readonly route: Route;
  readonly client: ClientKind;
  /** False when the request's Origin or Sec-Fetch-Site shows that another site made it. */
  readonly isSameSite: boolean;
}

const publicOutcome = new Public(maker);

/**
 * The outcome for a question. On a public route no credential is judged. A cookie is ambient
 * authority, so a request that another site made with it is refused (CSRF, cross-site WebSocket).
 */
export function decide(question: Question, authentication: Authentication): Outcome {
  if (question.route.access === 'public') return publicOutcome;
  switch (authentication.kind) {
    case 'unavailable':
      return authentication;
    case 'rejected':
      return { kind: 'challenge', reason: authentication.reason, client: 'program' };
    case 'absent':
      return { kind: 'challenge', reason: authentication.reason, client: question.client };
    case 'authenticated':
      if (!question.isSameSite) return { kind: 'refuse', reason: 'cross_site' };
      return new Permit(maker, authentication.identity);
  }
}
