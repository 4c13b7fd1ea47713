// Owns where a person may do what, in the words people use: owner, contributor, viewer.
import type { ResourceAction } from './access-question.ts';
import type { RbacReader, Subjects } from './rbac-reader.ts';

export type NamespaceRole = 'owner' | 'contributor' | 'viewer';

const NOTEBOOKS = { group: 'kubeflow.org', resource: 'notebooks', subresource: '' };
const ROLE_BINDINGS = {
  group: 'rbac.authorization.k8s.io',
  resource: 'rolebindings',
  subresource: '',
};

/**
 * The strongest of these that RBAC allows is the role: it is what the person can do, whatever a
 * binding is called or annotated. A role has one of its actions, not all. Strongest first.
 */
const namespaceRoleActions: readonly {
  readonly role: NamespaceRole;
  readonly actions: readonly ResourceAction[];
}[] = [
  { role: 'owner', actions: [{ verb: 'create', ...ROLE_BINDINGS }] },
  { role: 'contributor', actions: [{ verb: 'create', ...NOTEBOOKS }] },
  {
    role: 'viewer',
    actions: [
      { verb: 'get', ...NOTEBOOKS },
      { verb: 'list', ...NOTEBOOKS },
    ],
  },
];

export interface NamespaceWithRole {
  readonly namespace: string;
  readonly role: NamespaceRole;
}

export interface NamespaceRolesPage {
  /** By name. */
  readonly namespaces: readonly NamespaceWithRole[];
  /** There are more. */
  readonly isTruncated: boolean;
}

/** The role of these subjects in one namespace, or with an empty one in all namespaces. */
export function namespaceRole(
  reader: Pick<RbacReader, 'grantOf'>,
  subjects: Subjects,
  namespace: string,
): NamespaceRole | undefined {
  const has = (action: ResourceAction): boolean =>
    reader.grantOf(subjects, { action, namespace, name: '' }) !== undefined;
  return namespaceRoleActions.find(({ actions }) => actions.some(has))?.role;
}

/** The Profiles in which these subjects have a role: the first `limit` by name. */
export function namespaceRoles(
  reader: Pick<RbacReader, 'grantOf' | 'profiles'>,
  subjects: Subjects,
  { limit }: { readonly limit: number },
): NamespaceRolesPage {
  const namespaces: NamespaceWithRole[] = [];
  for (const { name } of reader.profiles()) {
    const role = namespaceRole(reader, subjects, name);
    if (role === undefined) continue;
    if (namespaces.length === limit) return { namespaces, isTruncated: true };
    namespaces.push({ namespace: name, role });
  }
  return { namespaces, isTruncated: false };
}
