// Owns the reasons of an answer, for people: what exactly allowed it, or what came nearest.
import type { CallerSubjects } from './caller-subjects.ts';
import type { ExplainedGrant, NearMiss } from './rbac-reader.ts';
import type { AccessQuestion } from './rule-matching.ts';
import { isUrlQuestion, ruleAllows } from './rule-matching.ts';
import type { RoleDirectory, StoredBinding } from './stored-binding.ts';
import { groupKey, subjectKey, subjectText } from './subject-keys.ts';

/** How many near misses are told. */
const NEAREST = 5;

/** Where the bindings of one type are listed by namespace. */
interface BindingList {
  in(namespace: string): readonly StoredBinding[];
}

export interface Bindings {
  readonly roleBindings: BindingList;
  readonly clusterRoleBindings: BindingList;
  readonly roles: RoleDirectory;
}

/** What allowed everything to `system:masters`: no binding has to. */
export const privilegedGrant: ExplainedGrant = {
  binding: undefined,
  subject: 'Group system:masters',
  role: undefined,
  rule: undefined,
};

/** `binding` is what allowed it. */
export function explainGrant(
  binding: StoredBinding,
  roles: RoleDirectory,
  caller: CallerSubjects,
  question: AccessQuestion,
): ExplainedGrant {
  const subject = binding.subjects.find((candidate) =>
    isCaller(caller, subjectKey(candidate, binding.namespace)),
  );
  const { kind, name } = binding.roleRef;
  return {
    binding,
    subject: subject === undefined ? '' : subjectText(subject, binding.namespace),
    role: { kind, namespace: kind === 'Role' ? binding.namespace : '', name },
    rule: binding.role(roles)?.rules.find((rule) => ruleAllows(rule, question)),
  };
}

/**
 * Of a question that is denied: a few bindings, those first by which it is most easily put right.
 * It tells of bindings that the caller may not see, so it is for operators.
 */
export function nearMisses(
  { roleBindings, clusterRoleBindings, roles }: Bindings,
  caller: CallerSubjects,
  question: AccessQuestion,
): readonly NearMiss[] {
  const missed = new Map<string, NearMiss>();
  const namespace = isUrlQuestion(question) ? '' : question.namespace;
  const own = namespace === '' ? [] : roleBindings.in(namespace);
  for (const binding of [...own, ...clusterRoleBindings.in('')]) {
    const why = missOf(binding, roles, caller, question);
    if (why === undefined) continue;
    const key = why === 'not_a_subject' ? roleKey(binding) : bindingKey(binding);
    if (!missed.has(key)) missed.set(key, { binding, why });
  }
  return Array.from(missed.values())
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, NEAREST);
}

/** Why a binding does not allow it; undefined where it has nothing to do with caller or question. */
function missOf(
  binding: StoredBinding,
  roles: RoleDirectory,
  caller: CallerSubjects,
  question: AccessQuestion,
): NearMiss['why'] | undefined {
  const role = binding.role(roles);
  const isBound = binding.subjects.some((subject) =>
    isCaller(caller, subjectKey(subject, binding.namespace)),
  );
  if (isBound && role === undefined) return 'role_missing';
  if (isBound) return isForEverybody(binding, caller) ? undefined : 'not_in_role';
  return role?.allows(question) === true ? 'not_a_subject' : undefined;
}

/** Bound by a group that Kubernetes adds, as by `system:basic-user`: in every cluster, and near to nothing. */
function isForEverybody({ namespace, subjects }: StoredBinding, caller: CallerSubjects): boolean {
  if (namespace !== '') return false;
  const implicit = caller.implicitGroups.map(groupKey);
  return subjects
    .map((subject) => subjectKey(subject, namespace))
    .filter((key) => isCaller(caller, key))
    .every((key) => key !== undefined && implicit.includes(key));
}

/** What is of the namespace comes before what is of the cluster. */
function rank({ binding, why }: NearMiss): number {
  if (why === 'role_missing') return 0;
  return (why === 'not_in_role' ? 1 : 2) + (binding.namespace === '' ? 2 : 0);
}

/** Of several bindings to a role that would be enough, one says it all. */
function roleKey({ namespace, roleRef }: StoredBinding): string {
  return ['role', namespace, roleRef.kind, roleRef.name].join('/');
}

function bindingKey({ namespace, name }: StoredBinding): string {
  return ['binding', namespace, name].join('/');
}

function isCaller(caller: CallerSubjects, key: string | undefined): boolean {
  return key !== undefined && caller.keys.includes(key);
}
