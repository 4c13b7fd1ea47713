// Owns the list of somebody's namespaces, with the role in each.
import type { Principal } from '../identity/principal.ts';
import { nextTurn } from '../kernel/clock.ts';
import { whyUnanswered, type PolicySource } from './policy-source.ts';
import { namespaceRole, type NamespaceRole } from './rbac/namespace-role.ts';
import type { RbacReader, Subjects } from './rbac/rbac-reader.ts';

interface NamespaceWithRole {
  readonly namespace: string;
  readonly role: NamespaceRole;
}

export interface NamespaceList {
  /** By name. */
  readonly namespaces: readonly NamespaceWithRole[];
  /** There are more. */
  readonly isTruncated: boolean;
}

export type KnownNamespaces =
  | ({ readonly kind: 'known' } & NamespaceList)
  /** The index is not there yet, or not to be believed any more. */
  | { readonly kind: 'unknown' };

/** Where a person has a role, and which, by asking RBAC. Never rejects. */
export type NamespacesOf = (principal: Principal) => Promise<KnownNamespaces>;

/** Administrators have all of them, which no page needs at once. */
const MOST_NAMESPACES = 500;
/** Profiles looked at in one turn: about two milliseconds. */
const PER_TURN = 500;

type Reader = Pick<RbacReader, 'subjectsOf' | 'grantOf' | 'profiles' | 'revision'>;

interface Remembered {
  readonly revision: number;
  readonly namespaces: Promise<KnownNamespaces>;
}

/** An unchanged index answers from memory. */
export function createNamespacesOf(
  reader: Reader,
  policy: Pick<PolicySource, 'state'>,
): NamespacesOf {
  const remembered = new WeakMap<Subjects, Remembered>();
  return (principal) => {
    if (whyUnanswered(policy.state()) !== undefined) return Promise.resolve({ kind: 'unknown' });
    const subjects = reader.subjectsOf(principal);
    const { revision } = reader;
    const before = remembered.get(subjects);
    if (before?.revision === revision) return before.namespaces;
    const namespaces = known(reader, subjects);
    remembered.set(subjects, { revision, namespaces });
    return namespaces;
  };
}

async function known(reader: Reader, subjects: Subjects): Promise<KnownNamespaces> {
  return { kind: 'known', ...(await listNamespaces(reader, subjects, MOST_NAMESPACES)) };
}

/**
 * The first `most` namespaces in which these subjects have a role. Asks about every Profile, some
 * hundreds in one turn, so that a list of ten thousand holds nobody up.
 */
export async function listNamespaces(
  reader: Pick<RbacReader, 'grantOf' | 'profiles'>,
  subjects: Subjects,
  most: number,
): Promise<NamespaceList> {
  const names = Array.from(reader.profiles(), ({ name }) => name);
  const namespaces: NamespaceWithRole[] = [];
  for (const [at, namespace] of names.entries()) {
    if (at % PER_TURN === PER_TURN - 1) await nextTurn();
    const role = namespaceRole(reader, subjects, namespace);
    if (role === undefined) continue;
    if (namespaces.length === most) return { namespaces, isTruncated: true };
    namespaces.push({ namespace, role });
  }
  return { namespaces, isTruncated: false };
}
