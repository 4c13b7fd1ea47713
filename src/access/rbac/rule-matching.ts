// Owns what one rule allows. All comparisons are exact; `*` means everything only where said so here.
// It follows kubernetes/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go.
import type { ResourceAction, ResourceQuestion, UrlQuestion } from './access-question.ts';
import type { RuleRecord } from './rbac-records.ts';

export type AccessQuestion = ResourceQuestion | UrlQuestion;

export function isUrlQuestion(question: AccessQuestion): question is UrlQuestion {
  return 'path' in question;
}

export function ruleAllows(rule: RuleRecord, question: AccessQuestion): boolean {
  return isUrlQuestion(question)
    ? ruleAllowsUrl(rule, question)
    : ruleCovers(rule, question.action) && ruleNames(rule, question.name);
}

/** Allows the action on objects of at least one name. */
export function ruleCovers(rule: RuleRecord, action: ResourceAction): boolean {
  return (
    includesOrAll(rule.verbs, action.verb) &&
    includesOrAll(rule.apiGroups, action.group) &&
    ruleHasResource(rule, action)
  );
}

/** No names are any name; the empty name stands for requests that name no object, such as `list`. */
export function ruleNames(rule: RuleRecord, name: string): boolean {
  return rule.resourceNames.length === 0 || rule.resourceNames.includes(name);
}

/** `*` covers subresources too; `pods/*` means nothing but a subresource named `*`. */
function ruleHasResource({ resources }: RuleRecord, { resource, subresource }: ResourceAction) {
  if (subresource === '') return includesOrAll(resources, resource);
  return (
    includesOrAll(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`)
  );
}

export function ruleAllowsUrl(rule: RuleRecord, { verb, path }: UrlQuestion): boolean {
  return (
    includesOrAll(rule.verbs, verb) && rule.nonResourceURLs.some((url) => urlCovers(url, path))
  );
}

/** Stars at the end, however many, make the rest a prefix. */
function urlCovers(url: string, path: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}

function includesOrAll(texts: readonly string[], text: string): boolean {
  return texts.includes(text) || texts.includes('*');
}
