// Owns asking an index as an API server's reviews are asked.
import type { RbacReader, Subjects } from '../../src/access/rbac/rbac-reader.ts';
import type { Principal } from '../../src/identity/principal.ts';
import type { Asker } from '../fixtures/rbac-oracle.ts';
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';

const principals = new Map<string, Principal>();

/** One principal per asker, as there is one per session. */
export function subjectsOf(reader: RbacReader, { user, groups }: Asker): Subjects {
  const key = JSON.stringify([user, groups]);
  let principal = principals.get(key);
  if (principal === undefined) {
    principal = { userId: user, groups };
    principals.set(key, principal);
  }
  return reader.subjectsOf(principal);
}

/** Throws where the quick answer and the explained one disagree. */
export function isAllowedBy(reader: RbacReader, asked: AskedQuestion): boolean {
  const { asker, question } = asked;
  const subjects = subjectsOf(reader, asker);
  const isAllowed = reader.explain(subjects, question).kind === 'allowed';
  if ('path' in question) return isAllowed;
  const isGranted = reader.grantOf(subjects, question) !== undefined;
  if (isGranted === isAllowed) return isAllowed;
  throw new Error(`explain and grantOf disagree on ${JSON.stringify(asked)}`);
}
