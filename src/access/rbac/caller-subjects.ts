// Owns a caller as the index asks about it: the keys under which bindings may name them.
import type { Principal } from '../../identity/principal.ts';
import type { BindingTable } from './binding-table.ts';
import type { Subjects } from './rbac-reader.ts';
import type { StoredBinding } from './stored-binding.ts';
import { groupKey, userKey } from './subject-keys.ts';

const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';
const ANONYMOUS = 'system:anonymous';
const MASTERS = 'system:masters';

/** Made once per principal; costs are linear in the number of groups, here and in every decision. */
export class CallerSubjects implements Subjects {
  readonly principal: Principal;
  readonly implicitGroups: readonly string[];
  /** The user's key first, then those of the groups, without repetition. */
  readonly keys: readonly string[];
  /** In `system:masters`: allowed everything before RBAC is asked. */
  readonly isPrivileged: boolean;
  #clusterBindings: readonly StoredBinding[] = [];
  #clusterState: object | undefined;

  /** `shared` gives one string for equal keys: colleagues are in the same groups, and memory is what a decision waits for. */
  constructor(principal: Principal, shared: (key: string) => string) {
    this.principal = principal;
    this.implicitGroups = implicitGroupsOf(principal);
    const groups = new Set([...principal.groups, ...this.implicitGroups]);
    this.keys = [userKey(principal.userId), ...Array.from(groups, groupKey)].map(shared);
    this.isPrivileged = groups.has(MASTERS);
  }

  /** The ClusterRoleBindings that name the caller: every decision asks, so they are remembered until any changes. */
  clusterBindings(table: BindingTable): readonly StoredBinding[] {
    if (this.#clusterState !== table.state) {
      const bySubject = table.bySubject('');
      this.#clusterBindings = this.keys.flatMap((key) => bySubject?.get(key) ?? []);
      this.#clusterState = table.state;
    }
    return this.#clusterBindings;
  }
}

/**
 * The groups that a request to the API server by this user would carry besides: those of service
 * accounts (kubernetes/apiserver pkg/authentication/serviceaccount/util.go) and
 * `system:authenticated` (pkg/authentication/group/authenticated_group_adder.go).
 */
function implicitGroupsOf({ userId, groups }: Principal): string[] {
  const added = serviceAccountGroups(userId);
  const isSettled = groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED);
  if (!isSettled && userId !== ANONYMOUS) added.push(AUTHENTICATED);
  return added.filter((group) => !groups.includes(group));
}

/** Names as the API server takes them, a DNS label and a DNS subdomain: pkg/authentication/serviceaccount/util.go, SplitUsername. */
const SERVICE_ACCOUNT =
  /^system:serviceaccount:(?<namespace>(?=[^:]{1,63}:)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?):(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

function serviceAccountGroups(userId: string): string[] {
  const namespace = SERVICE_ACCOUNT.exec(userId)?.groups?.['namespace'];
  if (namespace === undefined) return [];
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}
