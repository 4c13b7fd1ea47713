// The table of route vectors: what each row holds, and reading the rows from their files.
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { reasons } from '../../src/kernel/reasons.ts';

const reasonCode = z.string().refine((code) => Object.hasOwn(reasons, code), 'no reason code');

/** Exactly one of these. Questions are in the words of `questionText`, in any order. */
const expectation = z.union([
  z.strictObject({ questions: z.array(z.string()).nonempty() }),
  z.strictObject({ kind: z.enum(['authenticated', 'public']) }),
  z.strictObject({ deny: reasonCode, allow: z.array(z.string()).optional() }),
  z.strictObject({ refused: reasonCode }),
  z.strictObject({ inspect: z.enum(['workgroup_create']) }),
]);

const vector = z.strictObject({
  /** Once per file. */
  name: z.string().min(1),
  method: z.string(),
  /** The request target as it is sent. */
  url: z.string(),
  host: z.string().default('kubeflow.example.com'),
  headers: z.array(z.tuple([z.string(), z.string()])).default([]),
  /** What differs from the defaults of the configuration. */
  config: z
    .strictObject({
      openVerb: z.enum(['get', 'update', 'patch', 'create', 'delete']).optional(),
      unmatched: z.enum(['authenticated', 'deny']).optional(),
      inferenceHosts: z.array(z.string()).optional(),
      ownHosts: z.array(z.string()).optional(),
    })
    .default({}),
  expect: expectation,
  /** What follows is held only where it is written. */
  class: z.string().optional(),
  effect: z.enum(['read', 'write']).optional(),
  /** Null: the request shows none. */
  namespace: z.string().nullable().optional(),
  byId: z.boolean().optional(),
  neverRedirect: z.boolean().optional(),
  /** The public file that says so: what the backend serves, checks, or reads differently. */
  source: z.string().regex(/^[\w.-]+\/[\w.-]+ [\w./-]+$/),
});

/** One row, and the area that its file is about. */
export type RouteVector = z.infer<typeof vector> & { readonly area: string };

/** All rows of all `routes-*.json` files. Throws for a row that is not one, or a name that comes twice in a file. */
export function readRouteVectors(): readonly RouteVector[] {
  return readdirSync(import.meta.dirname)
    .map((file) => /^routes-(.*)\.json$/.exec(file)?.[1])
    .filter((area) => area !== undefined)
    .sort()
    .flatMap(readArea);
}

function readArea(area: string): RouteVector[] {
  const text = readFileSync(new URL(`routes-${area}.json`, import.meta.url), 'utf8');
  const parsed = z.array(vector).safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${area}: ${z.prettifyError(parsed.error)}`);
  const names = new Set(parsed.data.map(({ name }) => name));
  if (names.size !== parsed.data.length) throw new Error(`${area}: two vectors have the same name`);
  return parsed.data.map((row) => ({ ...row, area }));
}
