// Owns Kubernetes objects as tests write and read them, and where the API server keeps each kind.

/** An object as it is sent, or as the API server answered it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
  readonly [field: string]: unknown;
}

/** What an object is found by. */
export interface KubeReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<KubeMetadata, 'name' | 'namespace'>;
}

/** The objects that these tests make; `resource` is the plural in URLs. */
const kinds: Readonly<Record<string, { readonly resource: string; readonly isOfCluster?: true }>> =
  {
    Namespace: { resource: 'namespaces', isOfCluster: true },
    ServiceAccount: { resource: 'serviceaccounts' },
    Pod: { resource: 'pods' },
    Secret: { resource: 'secrets' },
    Role: { resource: 'roles' },
    RoleBinding: { resource: 'rolebindings' },
    ClusterRole: { resource: 'clusterroles', isOfCluster: true },
    ClusterRoleBinding: { resource: 'clusterrolebindings', isOfCluster: true },
    CustomResourceDefinition: { resource: 'customresourcedefinitions', isOfCluster: true },
    Profile: { resource: 'profiles', isOfCluster: true },
  };

/** The path of the collection that an object of this kind is made in. Throws for an unknown kind. */
export function collectionPath({ apiVersion, kind, metadata }: KubeReference): string {
  const known = kinds[kind];
  if (known === undefined) throw new Error(`test/neighbours/kube-object.ts knows no kind ${kind}`);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (known.isOfCluster === true) return `${root}/${known.resource}`;
  const { namespace } = metadata;
  if (namespace === undefined) throw new Error(`${kind} ${metadata.name} names no namespace`);
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${known.resource}`;
}

/** The path of the object itself. */
export function objectPath(reference: KubeReference): string {
  return `${collectionPath(reference)}/${encodeURIComponent(reference.metadata.name)}`;
}
