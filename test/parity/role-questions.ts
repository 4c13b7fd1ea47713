// Owns the questions that existing roles themselves suggest.
import type { RoleRecord, RuleRecord } from '../../src/access/rbac/rbac-records.ts';
import { actionOf } from '../fixtures/rbac-alphabet.ts';
import type { Question } from '../fixtures/rbac-oracle.ts';

/** Every verb of every resource and URL that the role names, in this namespace. */
export function questionsOf({ rules }: RoleRecord, namespace: string): Question[] {
  return rules.flatMap((rule) => [...resourceQuestions(rule, namespace), ...urlQuestions(rule)]);
}

function resourceQuestions(rule: RuleRecord, namespace: string): Question[] {
  const names = rule.resourceNames.length === 0 ? [''] : rule.resourceNames;
  return combinations([rule.verbs, rule.apiGroups, rule.resources, names]).map(
    ([verb = '', group = '', text = '', name = '']) => {
      const [resource = '', subresource = ''] = text.split('/');
      return { action: actionOf(verb, group, resource, subresource), namespace, name };
    },
  );
}

function urlQuestions({ verbs, nonResourceURLs }: RuleRecord): Question[] {
  return combinations([verbs, nonResourceURLs]).map(([verb = '', path = '']) => ({ verb, path }));
}

function combinations(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (heads, list) => heads.flatMap((head) => list.map((entry) => [...head, entry])),
    [[]],
  );
}
