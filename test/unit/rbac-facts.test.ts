import { describe, expect, it } from 'vitest';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import { assertedFacts } from '../fixtures/rbac-asserted-facts.ts';
import { loadPolicy } from '../fixtures/rbac-history.ts';
import { oracleAllows } from '../fixtures/rbac-oracle.ts';
import { questionFrom } from '../fixtures/rbac-request.ts';
import { unassertedFacts } from '../fixtures/rbac-unasserted-facts.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(','));

describe.each([...assertedFacts, ...unassertedFacts])('$title', ({ policy, rows }) => {
  it.each(rows)('%s (%s): %s is %s', (user, groups, request, answer) => {
    const question = questionFrom(request);
    const asker = { user, groups: groupsOf(groups) };
    expect(oracleAllows(policy, asker, question) ? 'allowed' : 'denied').toBe(answer);

    const index = new RbacIndex();
    loadPolicy(index.sinks, policy, new SeededRandom(1));
    const subjects = index.subjectsOf({ userId: user, groups: asker.groups });
    expect(index.explain(subjects, question).kind).toBe(answer);
    if ('path' in question) return;
    expect(index.grantOf(subjects, question) === undefined ? 'denied' : 'allowed').toBe(answer);
  });
});
