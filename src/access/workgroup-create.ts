// Owns the check of POST /api/workgroup/create: whether somebody makes a namespace for themselves.
import type { Principal } from '../identity/principal.ts';
import type { Fields } from '../kernel/fields.ts';
import type { ResourceQuestion } from './rbac/access-question.ts';

export type WorkgroupCreate =
  /** The namespace will be the caller's own: nothing to ask. */
  | { readonly kind: 'own' }
  /** It will, or could, be somebody else's: whoever may do this may make it. */
  | { readonly kind: 'foreign'; readonly questions: readonly ResourceQuestion[] };

const own: WorkgroupCreate = { kind: 'own' };
const foreign: WorkgroupCreate = {
  kind: 'foreign',
  questions: [
    {
      action: { verb: 'create', group: 'kubeflow.org', resource: 'profiles', subresource: '' },
      namespace: '',
      name: '',
    },
  ],
};

/**
 * The dashboard makes a Profile named `namespace` whose owner is `user` if that is not empty, else the
 * caller, and asks nobody (kubeflow/dashboard, `components/centraldashboard/app/api_workgroup.ts`; its
 * registration page sends `namespace` alone). `user` is therefore compared byte for byte, and a member
 * that is not known here counts as one that could name an owner. A name of Kubernetes' own
 * (`system:serviceaccount:…`) is a program's: a pod makes no namespaces because it is one.
 */
export function checkWorkgroupCreate(body: Fields, { userId }: Principal): WorkgroupCreate {
  const { user = '', namespace = '', ...unknown } = body;
  const isOwn =
    (user === '' || user === userId) &&
    !userId.startsWith('system:') &&
    typeof namespace === 'string' &&
    Object.keys(unknown).length === 0;
  return isOwn ? own : foreign;
}
