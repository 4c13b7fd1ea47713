// Owns asking the API server the question that the index has answered.
import { SECOND_MS } from '../../kernel/duration.ts';
import { fieldsOf } from '../../kernel/fields.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import type { ResourceQuestion } from '../rbac/access-question.ts';
import type { Subjects } from '../rbac/rbac-reader.ts';

/** A question about somebody, as the API server is asked it. */
export interface ReviewQuestion extends ResourceQuestion {
  readonly user: string;
  /** All of them, those included that the API server adds to a real request but not to a review. */
  readonly groups: readonly string[];
}

export type ReviewAnswer =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied' }
  /** Neither: an authorizer answers with conditions, which no RBAC has (Kubernetes 1.37 and later). */
  | { readonly kind: 'conditional' }
  /** `problem` is for people and holds no credentials. */
  | { readonly kind: 'unavailable'; readonly problem: string };

/** Never rejects. */
export type Review = (question: ReviewQuestion) => Promise<ReviewAnswer>;

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const DEADLINE_MS = 10 * SECOND_MS;

/**
 * Asks by SubjectAccessReview, which needs `create subjectaccessreviews.authorization.k8s.io`. The whole
 * chain of authorizers answers, of which RBAC may be one of several
 * (https://kubernetes.io/docs/reference/access-authn-authz/authorization/).
 */
export function subjectAccessReview(client: Pick<ApiClient, 'postJson'>): Review {
  return async (question) => {
    const answer = await client.postJson(PATH, reviewOf(question), DEADLINE_MS);
    return answer.kind === 'ok' ? readAnswer(answer.body) : unavailable(answer.problem);
  };
}

/** The question with the groups of which the index has assumed that the API server adds them. */
export function reviewQuestion(subjects: Subjects, question: ResourceQuestion): ReviewQuestion {
  const { userId, groups } = subjects.principal;
  return { ...question, user: userId, groups: [...groups, ...subjects.implicitGroups] };
}

/** Nothing is added to what a review says of the user; empty members mean the same as absent ones. */
function reviewOf({ action, namespace, name, user, groups }: ReviewQuestion) {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes: { ...action, namespace, name } },
  };
}

/** `reason` is text for people and no part of the answer. */
function readAnswer(value: unknown): ReviewAnswer {
  const { status } = fieldsOf(value);
  const { allowed, denied, conditionalDecision, evaluationError } = fieldsOf(status);
  if (conditionalDecision !== undefined && conditionalDecision !== null)
    return { kind: 'conditional' };
  if (typeof allowed !== 'boolean') return unavailable('the review has no answer');
  if (allowed && denied !== true) return { kind: 'allowed' };
  // An authorizer that could not be asked might have allowed it.
  if (typeof evaluationError === 'string' && evaluationError !== '')
    return unavailable('an authorizer of the API server failed');
  return { kind: 'denied' };
}

function unavailable(problem: string): ReviewAnswer {
  return { kind: 'unavailable', problem };
}
