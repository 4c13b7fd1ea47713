// Owns what a service-account token says of whose it is.
import { fieldsOf, type Fields } from '../../kernel/fields.ts';
import { isDnsLabel, isDnsSubdomain } from '../../request/dns-name.ts';

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  /** Tells it from another account that had the same name before. */
  readonly uid: string;
  /** As RBAC and the applications know it: `system:serviceaccount:NAMESPACE:NAME`. */
  readonly userId: string;
}

const PREFIX = 'system:serviceaccount:';
const PRIVATE = 'kubernetes.io';

/** Whether claims that nobody has verified yet name a service account as their subject. */
export function looksLikeServiceAccount({ sub }: Fields): boolean {
  return typeof sub === 'string' && sub.startsWith(PREFIX);
}

/**
 * The account that verified claims name; undefined where `sub` and the private claim do not name the
 * same one, or where its names are none that Kubernetes gives (kubernetes/apiserver
 * pkg/authentication/serviceaccount/util.go, SplitUsername; pkg/serviceaccount/claims.go).
 */
export function readServiceAccount(payload: Fields): ServiceAccount | undefined {
  const { namespace, serviceaccount } = fieldsOf(payload[PRIVATE]);
  const { name, uid } = fieldsOf(serviceaccount);
  if (!isText(namespace) || !isText(name) || !isText(uid)) return undefined;
  if (!isDnsLabel(namespace) || !isDnsSubdomain(name)) return undefined;
  const userId = `${PREFIX}${namespace}:${name}`;
  return payload['sub'] === userId ? { namespace, name, uid, userId } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
