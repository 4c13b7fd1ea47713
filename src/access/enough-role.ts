// Owns which role of a namespace is enough for a question, as advice to a person; it decides nothing.
import type { ResourceAction, ResourceQuestion } from './rbac/access-question.ts';

/** Kubeflow's roles of a namespace by the names that its dashboard shows, and who stands above them. */
export type EnoughRole = 'viewer' | 'contributor' | 'owner' | 'administrator';

/**
 * The weakest role that grants it in Kubeflow as it is shipped: the ClusterRoles `kubeflow-view`,
 * `kubeflow-edit` and `kubeflow-admin` of kubeflow/community-distribution (`common/kubeflow-roles`)
 * and what the applications aggregate into them. An installation with other roles decides otherwise.
 */
export function enoughRole({ action, namespace }: ResourceQuestion): EnoughRole {
  if (namespace === '') return 'administrator';
  if (ownerGroups.has(action.group)) return 'owner';
  if (action.group === '' && action.resource === 'secrets') return 'contributor';
  return isForViewers(action) ? 'viewer' : 'contributor';
}

/** Roles, bindings and questions about others' rights are in `kubeflow-admin` only. */
const ownerGroups: ReadonlySet<string> = new Set([
  'rbac.authorization.k8s.io',
  'authorization.k8s.io',
]);

/** `readArtifact` is a verb of Kubeflow Pipelines on runs. */
const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'readArtifact']);

/** Subresources that act although they are asked for with `get`. */
const actingSubresources: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** What viewers of Kubeflow Pipelines make to look at something (`kubeflow-pipelines-view`). */
const viewersOwn: ReadonlySet<string> = new Set([
  'create viewers.kubeflow.org',
  'delete viewers.kubeflow.org',
  'create visualizations.pipelines.kubeflow.org',
]);

function isForViewers({ verb, group, resource, subresource }: ResourceAction): boolean {
  if (actingSubresources.has(subresource)) return false;
  return readVerbs.has(verb) || viewersOwn.has(`${verb} ${resource}.${group}`);
}
