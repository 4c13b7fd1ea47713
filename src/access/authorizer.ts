// Owns the answer to a namespace question: the index's, where the index can be believed.
import type { Principal } from '../identity/principal.ts';
import type { ReasonCode } from '../kernel/reasons.ts';
import type { ResourceQuestion } from './rbac/access-question.ts';
import type { Grant } from './rbac/rbac-reader.ts';

export type Answer =
  /** `grant` is what allowed the last of the questions. */
  | { readonly kind: 'allowed'; readonly grant: Grant }
  | { readonly kind: 'denied'; readonly question: ResourceQuestion }
  /** The caller's own Profile is so new that its bindings are still being made. */
  | { readonly kind: 'provisioning'; readonly retryAfterSec: number }
  | { readonly kind: 'unavailable'; readonly reason: ReasonCode; readonly retryAfterSec: number };

export interface Authorizer {
  /** May this principal do all of this? Synchronous; never throws. */
  ask(principal: Principal, questions: readonly ResourceQuestion[]): Answer;
}
