// Owns asking the API server the very question that the index is asked.
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';
import type { ReviewSpec } from '../neighbours/kube-client.ts';

/**
 * `implicitGroups` are those that the index adds of itself: a SubjectAccessReview adds none
 * (kubernetes/kubernetes pkg/registry/authorization/util/helpers.go).
 */
export function reviewOf(
  { asker, question }: AskedQuestion,
  implicitGroups: readonly string[],
): ReviewSpec {
  const who = { user: asker.user, groups: [...asker.groups, ...implicitGroups] };
  if ('path' in question) {
    return { ...who, nonResourceAttributes: { verb: question.verb, path: question.path } };
  }
  const { action, namespace, name } = question;
  return { ...who, resourceAttributes: { ...action, namespace, name } };
}
