// Owns Principal: who somebody is, as Kubernetes RBAC and the applications will see it.

export interface Principal {
  /** The value of `kubeflow-userid` and of RBAC's User subject, compared byte for byte. */
  readonly userId: string;
  /** Groups after claim rules; each printable, without comma, none beginning with `system:`. */
  readonly groups: readonly string[];
}

interface Named {
  readonly principal: Principal;
  readonly email: string | undefined;
}

/** Whether applications and RBAC would notice no difference between the two. */
export function isSameIdentity(one: Named, other: Named): boolean {
  const { userId, groups } = one.principal;
  return (
    userId === other.principal.userId &&
    one.email === other.email &&
    groups.length === other.principal.groups.length &&
    groups.every((group, index) => group === other.principal.groups[index])
  );
}
