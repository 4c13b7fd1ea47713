// Owns what a person is told of a refusal by RBAC: what was asked, and which role would be enough.
import type { ReasonCode } from '../kernel/reasons.ts';
import { enoughRole, type EnoughRole } from './enough-role.ts';
import { questionText, type ResourceQuestion } from './rbac/access-question.ts';

/**
 * Made of the request alone, never of what the cluster holds: the same for a namespace that does not
 * exist and for one that the caller may not see.
 */
export interface AccessDetail {
  /** The namespace that the request named; undefined for the whole cluster. */
  readonly namespace: string | undefined;
  /** The question that was answered no, in Kubernetes' words. */
  readonly question: string;
  readonly enoughRole: EnoughRole;
}

export function refusalReason({ namespace }: ResourceQuestion): ReasonCode {
  return namespace === '' ? 'cluster_forbidden' : 'namespace_forbidden';
}

/** What to tell of a question that was denied. */
export function accessDetail(question: ResourceQuestion): AccessDetail {
  return {
    namespace: question.namespace === '' ? undefined : question.namespace,
    question: questionText(question),
    enoughRole: enoughRole(question),
  };
}
