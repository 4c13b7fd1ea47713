// Owns what is watched: where each type is served, and in which form it is asked for.
import type { WatchedType } from '../rbac/rbac-records.ts';

export interface ResourceType {
  /** Path of the collection, of all namespaces. */
  readonly path: string;
  /** As Kubernetes writes it in a right: `rolebindings.rbac.authorization.k8s.io`. */
  readonly fullName: string;
  readonly acceptList: string;
  readonly acceptWatch: string;
  /** Whether the API server may not know the type: Profiles come with Kubeflow. */
  readonly isOptional: boolean;
}

const RBAC = 'rbac.authorization.k8s.io';
const KUBEFLOW = 'kubeflow.org';
const JSON_TYPE = 'application/json';

export const resourceTypes: Readonly<Record<WatchedType, ResourceType>> = {
  roles: builtIn(`/apis/${RBAC}/v1/roles`, `roles.${RBAC}`),
  rolebindings: builtIn(`/apis/${RBAC}/v1/rolebindings`, `rolebindings.${RBAC}`),
  clusterroles: builtIn(`/apis/${RBAC}/v1/clusterroles`, `clusterroles.${RBAC}`),
  clusterrolebindings: builtIn(
    `/apis/${RBAC}/v1/clusterrolebindings`,
    `clusterrolebindings.${RBAC}`,
  ),
  profiles: {
    ...builtIn(`/apis/${KUBEFLOW}/v1/profiles`, `profiles.${KUBEFLOW}`),
    isOptional: true,
  },
  serviceaccounts: {
    ...builtIn('/api/v1/serviceaccounts', 'serviceaccounts'),
    acceptList: metadataOnly('PartialObjectMetadataList'),
    acceptWatch: metadataOnly('PartialObjectMetadata'),
  },
};

function builtIn(path: string, fullName: string): ResourceType {
  return {
    path,
    fullName,
    acceptList: JSON_TYPE,
    acceptWatch: JSON_TYPE,
    isOptional: false,
  };
}

/**
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables and
 * k8s.io/client-go/metadata: the server leaves out everything but the metadata.
 */
function metadataOnly(kind: string): string {
  return `${JSON_TYPE};as=${kind};g=meta.k8s.io;v=v1,${JSON_TYPE}`;
}
