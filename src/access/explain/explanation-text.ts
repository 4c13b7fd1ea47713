// Owns how an explanation reads, line by line, for a person.
import { reasons } from '../../kernel/reasons.ts';
import type { EnoughRole } from '../enough-role.ts';
import type { RuleRecord } from '../rbac/rbac-records.ts';
import type {
  AllowedBy,
  NearestMissing,
  QuestionExplanation,
  RequestExplanation,
} from './request-explanation.ts';

/** Several lines, without the last newline. */
export function explanationText(explanation: RequestExplanation): string {
  const { decision, reason, allow, shadowed, method, url, questions, refusedBehind } = explanation;
  const why = reason === undefined ? '' : ` (${reason}: ${reasons[reason].title})`;
  return [
    `${decision.toUpperCase()}  ${method} ${url}${why}`,
    ...(allow === undefined ? [] : [`Methods that are taken here: ${allow.join(', ')}.`]),
    ...(shadowed === true ? ['It is forwarded nevertheless: access.mode is shadow.'] : []),
    ...rows([['caller', callerText(explanation)], ...routeRows(explanation)]),
    ...questions.flatMap(questionLines),
    ...(refusedBehind === undefined ? [] : rows([['but', behindText(refusedBehind)]])),
  ]
    .map(printable)
    .join('\n');
}

/**
 * Roles, bindings and subjects may have any characters in their names (kubernetes/apimachinery
 * pkg/api/validation/path/name.go): what would begin a line, or command the terminal, is written as an escape.
 */
function printable(line: string): string {
  return line.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

type Row = readonly [label: string, text: string];

function rows(all: readonly Row[]): string[] {
  return all.map(([label, text]) => `${label.padEnd(11)}${text}`);
}

function callerText({ user, groups, implicitGroups }: RequestExplanation): string {
  const all = [...groups, ...implicitGroups.map((group) => `${group} (added by Kubernetes)`)];
  return `${user}${all.length === 0 ? '' : `; groups ${all.join(', ')}`}`;
}

const demands = {
  public: 'anybody, signed in or not',
  authenticated: 'anybody who is signed in',
  questions: 'whoever RBAC allows this',
  deny: 'nobody',
  inspect: 'depends on the body: whoever it is for, else whoever RBAC allows this',
};

function routeRows({ route }: RequestExplanation): Row[] {
  if (route === undefined) return [];
  const { id, class: routeClass, effect, namespace, demand, isByIdOnly } = route;
  const byId = 'goes by an id that shows no namespace: the application asks by itself';
  return [
    ['route', `${id} (${routeClass}, ${effect})`],
    ['namespace', namespace ?? (isByIdOnly ? byId : 'none')],
    ['open to', demands[demand]],
  ];
}

function behindText(why: string): string {
  return `a service account is refused behind the gateway: ${why}`;
}

function questionLines(explained: QuestionExplanation): string[] {
  const answer = explained.allowed ? 'yes' : 'no';
  const reasonRows = explained.allowed
    ? allowedRows(explained.by)
    : deniedRows(explained.nearest, explained.enoughRole);
  return [...rows([['question', `${explained.question}: ${answer}`]]), ...rows(reasonRows)];
}

function allowedRows({ binding, subject, role, rule }: AllowedBy): Row[] {
  if (binding === undefined) return [['', `by ${subject}, whom Kubernetes allows everything`]];
  return [
    ['', `by ${binding}, which binds ${subject} to ${role ?? 'a role'}`],
    ...(rule === undefined ? [] : [['', `rule: ${ruleText(rule)}`] as const]),
  ];
}

const misses: Readonly<Record<NearestMissing['why'], string>> = {
  role_missing: 'binds the caller, but there is no such role',
  not_in_role: 'binds the caller, but the role does not grant this',
  not_a_subject: 'would be enough, but does not bind the caller',
};

const advice: Readonly<Record<EnoughRole, string>> = {
  viewer: 'viewer of the namespace (kubeflow-view), which its owner can give',
  contributor: 'contributor of the namespace (kubeflow-edit), which its owner can give',
  owner: 'owner of the namespace (kubeflow-admin), which an administrator can give',
  administrator: 'bound by a ClusterRoleBinding, which an administrator can make',
};

function deniedRows(nearest: readonly NearestMissing[], enough: EnoughRole): Row[] {
  const isOfCluster = enough === 'administrator';
  const isNear = isOfCluster || nearest.some(({ binding }) => binding.startsWith('RoleBinding '));
  return [
    ...(isNear
      ? []
      : [['', 'no RoleBinding of this namespace comes near: is its name right?'] as const]),
    ...nearest.map(({ binding, role, why }): Row => [
      '',
      `nearest: ${binding} to ${role} ${misses[why]}`,
    ]),
    ['', `in stock Kubeflow it would be enough to be ${advice[enough]}`],
  ];
}

function ruleText(rule: RuleRecord): string {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const parts: readonly (readonly [name: string, values: readonly string[]])[] = [
    ['verbs', verbs],
    ['apiGroups', apiGroups],
    ['resources', resources],
    ['resourceNames', resourceNames],
    ['nonResourceURLs', nonResourceURLs],
  ];
  return parts
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name} [${values.map((value) => value || '""').join(' ')}]`)
    .join(', ');
}
