// Owns what a refusal by RBAC looks like: what was asked, and what would allow it.
import type { AccessDetail } from '../access/access-detail.ts';
import { SIGN_OUT_PATH } from './own-paths.ts';
import type { PageView } from './page-template.ts';

/** One sentence that a person can act on. Nothing in it depends on what the cluster holds. */
function accessAdvice({ namespace, enoughRole }: AccessDetail): string {
  if (namespace === undefined || enoughRole === 'administrator') {
    return 'Ask an administrator of the cluster; this needs a ClusterRoleBinding.';
  }
  if (enoughRole === 'owner') {
    return `Only owners of the namespace ${namespace} may do this; ask one of them to do it, or to make you an owner.`;
  }
  return `Ask the owner of the namespace ${namespace} to add you as a contributor; the role ${enoughRole} is enough.`;
}

/**
 * The part of a page that tells of it. Another account may have the right: to change is one way out. An
 * owner adds people by exactly the name that they are signed in with.
 */
export function accessView(
  detail: AccessDetail,
  {
    userId,
    returnTo,
  }: { readonly userId?: string | undefined; readonly returnTo?: string | undefined },
): Pick<PageView, 'text' | 'facts' | 'alternative'> {
  const { namespace, question, enoughRole } = detail;
  const back = returnTo === undefined ? '' : `?rd=${encodeURIComponent(returnTo)}`;
  return {
    text: [accessAdvice(detail)],
    facts: [
      ...(userId === undefined ? [] : [{ name: 'You are', value: userId }]),
      ...(namespace === undefined ? [] : [{ name: 'Namespace', value: namespace }]),
      { name: 'Right needed', value: question },
      { name: 'Enough role', value: enoughRole },
    ],
    alternative: { label: 'Sign out, to use another account', href: `${SIGN_OUT_PATH}${back}` },
  };
}

/** The members of a problem document that tell of it. */
export function accessMembers(detail: AccessDetail): Readonly<Record<string, unknown>> {
  const { namespace, question, enoughRole } = detail;
  return {
    detail: accessAdvice(detail),
    ...(namespace === undefined ? {} : { namespace }),
    question,
    enough_role: enoughRole,
  };
}
