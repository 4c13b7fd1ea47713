// Owns Principal: who somebody is, as Kubernetes RBAC and the applications will see it.

export interface Principal {
  /** The value of `kubeflow-userid` and of RBAC's User subject, compared byte for byte. */
  readonly userId: string;
  /** Groups after claim rules; each printable, without comma, none beginning with `system:`. */
  readonly groups: readonly string[];
}
