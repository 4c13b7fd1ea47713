// Owns making a case small: what it does not need to go wrong is taken away.
import type { BindingRecord, RoleRecord, RuleRecord } from '../../src/access/rbac/rbac-records.ts';
import { actionOf } from '../fixtures/rbac-alphabet.ts';
import { policyTypes } from '../fixtures/rbac-policies.ts';
import type { ParityCase } from './parity-case.ts';

const ATTEMPTS = 600;

/**
 * The smallest case that could be found of which `isWrong` still holds: whole objects go first, then
 * subjects, rules, entries of their lists, groups, and what the question names. Resolves with the
 * case itself when nothing can go.
 */
export async function shrink(
  found: ParityCase,
  isWrong: (smaller: ParityCase) => Promise<boolean>,
): Promise<ParityCase> {
  let smallest = found;
  let attempts = 0;
  for (const smallerOnes of [withoutObjects, withLessInside, withLessAsked]) {
    let candidates = smallerOnes(smallest);
    for (let at = 0; at < candidates.length && attempts < ATTEMPTS; attempts++) {
      const candidate = candidates[at];
      if (candidate === undefined || !(await isWrong(candidate))) {
        at++;
        continue;
      }
      smallest = candidate;
      // What stood before this place could not go; what follows has moved here.
      candidates = smallerOnes(smallest);
    }
  }
  return smallest;
}

function withoutObjects({ policy, asked }: ParityCase): ParityCase[] {
  return policyTypes.flatMap((type) =>
    policy[type].map((_, gone) => ({
      asked,
      policy: { ...policy, [type]: withoutAt<unknown>(policy[type], gone) },
    })),
  );
}

function withLessInside({ policy, asked }: ParityCase): ParityCase[] {
  const withEach = <R>(type: string, records: readonly R[], smaller: (record: R) => R[]) =>
    records.flatMap((record, at) =>
      smaller(record).map((less) => ({
        asked,
        policy: { ...policy, [type]: records.with(at, less) },
      })),
    );
  return [
    ...withEach('rolebindings', policy.rolebindings, withFewerSubjects),
    ...withEach('clusterrolebindings', policy.clusterrolebindings, withFewerSubjects),
    ...withEach('roles', policy.roles, withLessGranted),
    ...withEach('clusterroles', policy.clusterroles, withLessGranted),
  ];
}

function withFewerSubjects(binding: BindingRecord): BindingRecord[] {
  const { subjects } = binding;
  return subjects.map((_, gone) => ({ ...binding, subjects: withoutAt(subjects, gone) }));
}

function withLessGranted(role: RoleRecord): RoleRecord[] {
  const { rules } = role;
  return [
    ...rules.map((_, gone) => ({ ...role, rules: withoutAt(rules, gone) })),
    ...rules.flatMap((rule, at) =>
      smallerRules(rule).map((less) => ({ ...role, rules: rules.with(at, less) })),
    ),
  ];
}

/** A rule without verbs, groups and resources is one that the API server refuses: one of each stays. */
function smallerRules(rule: RuleRecord): RuleRecord[] {
  const lists = ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'] as const;
  return lists.flatMap((list) =>
    rule[list].length < 2 && list !== 'resourceNames'
      ? []
      : rule[list].map((_, gone) => ({ ...rule, [list]: withoutAt(rule[list], gone) })),
  );
}

function withLessAsked({ policy, asked }: ParityCase): ParityCase[] {
  const { asker, question } = asked;
  const fewerGroups = asker.groups.map((_, gone) => ({
    ...{ question, asker: { ...asker, groups: withoutAt(asker.groups, gone) } },
  }));
  const nobody = asker.user === '' ? [] : [{ question, asker: { ...asker, user: '' } }];
  const shorter = shorterQuestions(question).map((less) => ({ asker, question: less }));
  return [...fewerGroups, ...nobody, ...shorter].map((less) => ({ policy, asked: less }));
}

function shorterQuestions(
  question: ParityCase['asked']['question'],
): ParityCase['asked']['question'][] {
  if ('path' in question) return [];
  const { action, namespace, name } = question;
  const { verb, group, resource, subresource } = action;
  const shorter: ParityCase['asked']['question'][] = [];
  if (name !== '') shorter.push({ ...question, name: '' });
  if (namespace !== '') shorter.push({ ...question, namespace: '' });
  if (subresource !== '') {
    shorter.push({ ...question, action: actionOf(verb, group, resource, '') });
  }
  if (group !== '')
    shorter.push({ ...question, action: actionOf(verb, '', resource, subresource) });
  return shorter;
}

function withoutAt<T>(list: readonly T[], gone: number): T[] {
  return list.filter((_, at) => at !== gone);
}
