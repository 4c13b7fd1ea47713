// Owns the slim records that the index is built from: what RBAC reads of Kubernetes objects, nothing else.

export type SubjectKind = 'User' | 'Group' | 'ServiceAccount';

/** A subject as the API server delivers it. Subjects of other kinds match nobody and are not kept. */
export interface SubjectRecord {
  readonly kind: SubjectKind;
  readonly name: string;
  /** Read for service accounts only; empty means the binding's own namespace. */
  readonly namespace: string;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#api-overview; absent lists are empty. */
export interface RuleRecord {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** What every object is known by. `namespace` is empty for objects of the cluster. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

export interface ObjectRecord extends ObjectKey {
  /** Tells an object from another one that had the same name before; empty in manifests. */
  readonly uid: string;
}

/** A Role, or with an empty namespace a ClusterRole; `rules` as stored, aggregation is not computed. */
export interface RoleRecord extends ObjectRecord {
  readonly rules: readonly RuleRecord[];
}

/** A RoleBinding, or with an empty namespace a ClusterRoleBinding. */
export interface BindingRecord extends ObjectRecord {
  /** `kind` is kept as written: one that is neither Role nor ClusterRole grants nothing. */
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly SubjectRecord[];
}

export interface ProfileRecord extends ObjectRecord {
  readonly owner: { readonly kind: string; readonly name: string };
}

export type ServiceAccountRecord = ObjectRecord;

/** The record of each type that is watched, by the type's resource name. */
export interface RecordByType {
  readonly roles: RoleRecord;
  readonly rolebindings: BindingRecord;
  readonly clusterroles: RoleRecord;
  readonly clusterrolebindings: BindingRecord;
  readonly profiles: ProfileRecord;
  readonly serviceaccounts: ServiceAccountRecord;
}

export type WatchedType = keyof RecordByType;

export const watchedTypes: readonly WatchedType[] = [
  'roles',
  'rolebindings',
  'clusterroles',
  'clusterrolebindings',
  'profiles',
  'serviceaccounts',
];
