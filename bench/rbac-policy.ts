// Owns a synthetic Kubeflow cluster's policy, as the API server would write it: five RoleBindings
// per namespace, the roles that they refer to, and cluster-wide bindings besides.
import type { WatchedType } from '../src/access/rbac/rbac-records.ts';

export const BINDINGS_PER_NAMESPACE = 5;
export const USERS = 5_000;
export const GROUPS = 400;
const CLUSTER_BINDINGS = 80;
const OTHER_CLUSTER_ROLES = 90;
const CROWDED = 'groups-with-a-named-notebook';

export const namespaceName = (index: number): string => `profile-${String(index).padStart(6, '0')}`;
export const userName = (index: number): string => `person-${index % USERS}@example.com`;
export const groupName = (index: number): string => `team-${index % GROUPS}`;
/** Who owns namespace `index`, who contributes to it, and which group may view it. */
export const ownerOf = (index: number): string => userName(index * 7);
export const contributorOf = (index: number): string => userName(index * 7 + 131);
export const groupOf = (index: number): string => groupName(index);

/** Every object as JSON, in the order in which the API server lists them. */
export function* objectsOf(type: WatchedType, namespaces: number): Generator<string> {
  if (type === 'clusterroles') yield* clusterRoles();
  if (type === 'clusterrolebindings') yield* clusterRoleBindings();
  if (type !== 'rolebindings' && type !== 'profiles') return;
  for (let index = 0; index < namespaces; index++) {
    if (type === 'rolebindings') yield* roleBindings(index);
    else yield profile(index);
  }
}

function* roleBindings(index: number): Generator<string> {
  const namespace = namespaceName(index);
  const account = (name: string) => ({ kind: 'ServiceAccount', name, namespace });
  const contributor = contributorOf(index);
  yield binding('default-editor', 'kubeflow-edit', account('default-editor'), namespace);
  yield binding('default-viewer', 'kubeflow-view', account('default-viewer'), namespace);
  const group = { kind: 'Group', name: groupOf(index) };
  yield binding(
    `group-${groupOf(index)}`,
    index % 10 === 0 ? CROWDED : 'kubeflow-view',
    group,
    namespace,
  );
  yield binding('namespaceAdmin', 'kubeflow-admin', person(ownerOf(index)), namespace);
  const name = `user-${contributor.replaceAll(/[^a-z0-9]/g, '-')}-clusterrole-edit`;
  yield binding(name, 'kubeflow-edit', person(contributor), namespace);
}

function* clusterRoleBindings(): Generator<string> {
  for (let index = 0; index < CLUSTER_BINDINGS; index++) {
    const everybody = { kind: 'Group', name: 'system:authenticated' };
    const subject = index < 4 ? everybody : { kind: 'Group', name: groupName(index * 3) };
    yield binding(`binding-${index}`, `role-${index}`, subject);
  }
}

function* clusterRoles(): Generator<string> {
  yield role('kubeflow-admin', rules(66, ['*']));
  yield role('kubeflow-edit', rules(60, ['get', 'list', 'watch', 'create', 'update', 'delete']));
  yield role('kubeflow-view', rules(40, ['get', 'list', 'watch']));
  const named = { verbs: ['get'], apiGroups: ['kubeflow.org'], resources: ['notebooks'] };
  yield role(CROWDED, [
    ...rules(20, ['get']).slice(1),
    { ...named, resourceNames: ['lab-1', 'lab'] },
  ]);
  for (let index = 0; index < OTHER_CLUSTER_ROLES; index++) {
    yield role(`role-${index}`, rules(30, ['get', 'list']).slice(1));
  }
}

/** The first rule is about notebooks, the others about resources that nobody asks for. */
function rules(count: number, verbs: readonly string[]): readonly object[] {
  const others = Array.from({ length: count - 1 }, (_, index) => ({
    ...{ verbs, apiGroups: [`group-${index}.example.com`] },
    resources: [`things-${index}`, `things-${index}/status`],
  }));
  return [{ verbs, apiGroups: ['kubeflow.org'], resources: ['notebooks'] }, ...others];
}

function binding(name: string, roleName: string, subject: object, namespace?: string): string {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName };
  return JSON.stringify({ metadata: metadata(name, namespace), roleRef, subjects: [subject] });
}

function role(name: string, ruleList: readonly object[]): string {
  return JSON.stringify({ metadata: metadata(name), rules: ruleList });
}

function profile(index: number): string {
  const spec = { owner: person(ownerOf(index)) };
  return JSON.stringify({ metadata: metadata(namespaceName(index)), spec });
}

function person(name: string): object {
  return { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name };
}

/** With about as much that RBAC does not read as real objects carry. */
function metadata(name: string, namespace?: string): object {
  const managedFields = [
    { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:subjects': {} } },
  ];
  const uid = crypto.randomUUID();
  return { name, namespace, uid, resourceVersion: '123456', managedFields };
}
