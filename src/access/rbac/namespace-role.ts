// Owns what a person is in a namespace, in the words people use: owner, contributor, viewer.
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
