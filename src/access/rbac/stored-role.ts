// Owns a role in force, and what it has been found to grant.
import type { ResourceAction } from './access-question.ts';
import type { RoleRecord, RuleRecord } from './rbac-records.ts';
import type { AccessQuestion } from './rule-matching.ts';
import { isUrlQuestion, ruleAllowsUrl, ruleCovers, ruleNames } from './rule-matching.ts';

/** `any`: objects of any name; else the rules that grant it for some names, none where it is not granted. */
type Coverage = 'any' | readonly RuleRecord[];

/** Never changes: another version of the role is another StoredRole. */
export class StoredRole implements RoleRecord {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly rules: readonly RuleRecord[];
  /**
   * By the action itself, found out at the first question. So a role that changes, or all of them
   * after a relist, cost nothing until they are asked, and a catalogue that is gone is forgotten.
   */
  #coverage: WeakMap<ResourceAction, Coverage> | undefined;

  constructor({ namespace, name, uid, rules }: RoleRecord) {
    this.namespace = namespace;
    this.name = name;
    this.uid = uid;
    this.rules = rules;
    this.#coverage = undefined;
  }

  allows(question: AccessQuestion): boolean {
    if (isUrlQuestion(question)) return this.rules.some((rule) => ruleAllowsUrl(rule, question));
    const coverage = this.#coverage?.get(question.action) ?? this.#learn(question.action);
    if (coverage === 'any') return true;
    return coverage.length > 0 && coverage.some((rule) => ruleNames(rule, question.name));
  }

  #learn(action: ResourceAction): Coverage {
    const rules = this.rules.filter((rule) => ruleCovers(rule, action));
    const coverage = rules.some(({ resourceNames }) => resourceNames.length === 0) ? 'any' : rules;
    this.#coverage ??= new WeakMap();
    this.#coverage.set(action, coverage);
    return coverage;
  }
}
