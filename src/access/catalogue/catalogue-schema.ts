// Owns the form of a catalogue file: which keys a row may have and how their values are written.
import { z } from 'zod';
import { isHostPattern } from '../../kernel/host-pattern.ts';
import { parseAsk } from './ask-line.ts';
import { EXACT_CASE, parsePattern } from './path-pattern.ts';
import { METHODS } from './route-row.ts';

const word = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, {
  error: 'must be lower-case words joined by "-"',
});
const path = z.string().refine((text) => parsePattern(text, EXACT_CASE) !== undefined, {
  error:
    'must be a path such as /app/{namespace}/**: literals, {placeholders}, perhaps ** at the end',
});
const prefix = z.string().regex(/^(\/[\w.-]+)+$/, {
  error: 'must be a path of literals without a slash at the end, such as /app',
});
const host = z
  .string()
  .refine((pattern) => pattern === 'inferenceHosts' || isHostPattern(pattern), {
    error:
      'must be a host such as *.example.com or {name}.{namespace}.example.com, or inferenceHosts',
  });
const ask = z.string().refine((text) => parseAsk(text) !== undefined, {
  error: 'must be "VERB RESOURCE[/SUBRESOURCE][.GROUP] [NAME]", such as "get pods/log {pod}"',
});
const parameter = z.string().regex(/^[A-Za-z][\w.]*$/, { error: 'must be a query parameter' });
const parameters = z.array(parameter).min(1);
const method = z.enum(METHODS, { error: `must be one of ${METHODS.join(', ')}` });
const anyMethod = z.enum(['any', ...METHODS], {
  error: `must be any, or one or more of ${METHODS.join(', ')}`,
});
const fallbacks = ['authenticated', 'public', 'deny', 'cluster'] as const;
const fallback = z.enum(fallbacks, { error: `must be one of ${fallbacks.join(', ')}` });
const text = z.string().min(1);

/** One value, or a list of them; a list either way once it is read. */
function oneOrMore<T extends z.ZodType>(element: T) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(element).min(1),
  );
}

/** What an application may say for all of its rows, and a row for itself. */
const traits = {
  class: word.exactOptional(),
  caseInsensitive: z.boolean().exactOptional(),
  neverRedirect: z.boolean().exactOptional(),
  passAuthorization: z.boolean().exactOptional(),
  byIdOnly: z.boolean().exactOptional(),
  freeNames: z.boolean().exactOptional(),
  refuseMethodOverride: z.boolean().exactOptional(),
  refuseReferer: text.exactOptional(),
  mustAgree: z.array(parameter).exactOptional(),
  serviceAccounts: z.strictObject({ usable: z.literal(false), because: text }).exactOptional(),
  note: text.exactOptional(),
};

const row = z.strictObject({
  id: word,
  ...traits,
  methods: oneOrMore(anyMethod).optional(),
  path: oneOrMore(path).optional(),
  host: oneOrMore(host).optional(),
  namespace: z
    .strictObject({
      query: parameters,
      when: z.strictObject({ query: parameters, is: z.array(z.string()).min(1) }).optional(),
    })
    .optional(),
  overriddenBy: parameters.optional(),
  ask: oneOrMore(ask).optional(),
  noNamespace: fallback.optional(),
  emptyNamespace: fallback.optional(),
  allow: z.array(method).min(1).optional(),
  inspect: z
    .strictObject({ check: z.enum(['workgroup_create']), maxBytes: z.int().min(1).max(1_048_576) })
    .optional(),
  effect: z.enum(['read', 'write']).optional(),
  namespaceFree: z.boolean().optional(),
});

const application = z.strictObject({
  name: word,
  prefix: prefix.optional(),
  ...traits,
  rows: z.array(row).min(1),
});

export const catalogueSchema = z.strictObject({
  applications: z.array(application).optional(),
  rows: z.array(row).optional(),
});

export type WrittenRow = z.infer<typeof row>;
export type WrittenApplication = z.infer<typeof application>;
export type WrittenCatalogue = z.infer<typeof catalogueSchema>;
