// Owns one question to one policy, small enough to be kept as a file.
import { z } from 'zod';
import { actionOf } from '../fixtures/rbac-alphabet.ts';
import type { Policy } from '../fixtures/rbac-oracle.ts';
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';

export interface ParityCase {
  readonly policy: Policy;
  readonly asked: AskedQuestion;
}

/** A case, what it is about, and what the API server answers. */
export interface RecordedCase extends ParityCase {
  readonly about: string;
  readonly isAllowed: boolean;
}

const texts = z.array(z.string());
const rule = z.strictObject({
  verbs: texts.default([]),
  apiGroups: texts.default([]),
  resources: texts.default([]),
  resourceNames: texts.default([]),
  nonResourceURLs: texts.default([]),
});
const key = { namespace: z.string().default(''), name: z.string() };
const role = z
  .strictObject({ ...key, rules: z.array(rule) })
  .transform((record) => ({ ...record, uid: '' }));
const binding = z
  .strictObject({
    ...key,
    roleRef: z.strictObject({ kind: z.string(), name: z.string() }),
    subjects: z.array(
      z.strictObject({
        kind: z.enum(['User', 'Group', 'ServiceAccount']),
        name: z.string(),
        namespace: z.string().default(''),
      }),
    ),
  })
  .transform((record) => ({ ...record, uid: '' }));
const question = z.union([
  z.strictObject({ verb: z.string(), path: z.string() }),
  z
    .strictObject({
      ...{ verb: z.string(), group: z.string().default(''), resource: z.string() },
      ...{ subresource: z.string().default(''), namespace: z.string().default('') },
      name: z.string().default(''),
    })
    .transform(({ verb, group, resource, subresource, ...where }) => ({
      action: actionOf(verb, group, resource, subresource),
      ...where,
    })),
]);
const recordedCases = z.array(
  z
    .strictObject({
      about: z.string(),
      roles: z.array(role).default([]),
      rolebindings: z.array(binding).default([]),
      clusterroles: z.array(role).default([]),
      clusterrolebindings: z.array(binding).default([]),
      user: z.string(),
      groups: texts.default([]),
      question,
      allowed: z.boolean(),
    })
    .transform(({ about, user, groups, question: asks, allowed, ...policy }): RecordedCase => ({
      ...{ about, policy, isAllowed: allowed },
      asked: { asker: { user, groups }, question: asks },
    })),
);

/** Reads a file's JSON. Throws when it is not a list of cases. */
export function readCases(json: unknown): readonly RecordedCase[] {
  return recordedCases.parse(json);
}

/** The JSON that readCases reads; what is empty is left out. */
export function caseJson({ about, policy, asked, isAllowed }: RecordedCase): unknown {
  const { asker, question: asks } = asked;
  const { action, ...where } = 'path' in asks ? { ...asks, action: {} } : asks;
  return withoutEmpty({
    about,
    ...policy,
    ...{ user: asker.user, groups: asker.groups, question: { ...action, ...where } },
    allowed: isAllowed,
  });
}

/** Texts and lists that readCases fills in again, and uids. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const optional = ['namespace', 'group', 'subresource', 'name', 'uid'];
  const isKept = ([field, content]: [string, unknown]): boolean =>
    content === ''
      ? !optional.includes(field)
      : !(Array.isArray(content) && content.length === 0 && !['rules', 'subjects'].includes(field));
  const kept = Object.entries(value)
    .filter(([field]) => field !== 'uid')
    .filter(isKept);
  return Object.fromEntries(kept.map(([field, content]) => [field, withoutEmpty(content)]));
}
