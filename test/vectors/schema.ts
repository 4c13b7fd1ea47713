// The table of request vectors: what each row holds, and reading the rows from their files.
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { reasons } from '../../src/kernel/reasons.ts';

/** Every way into the gateway. A later door runs the rows that name it. */
export const doorNames = ['inline', 'ext_authz-http', 'ext_authz-grpc'] as const;
const doorName = z.enum(doorNames);

const headerPairs = z.array(z.tuple([z.string(), z.string()]));
const reasonCode = z.string().refine((code) => Object.hasOwn(reasons, code), 'no reason code');

const expectation = z.strictObject({
  /** Status that the client sees. */
  status: z.number().int(),
  /** Reason code in the body of the answer. */
  reason: reasonCode.optional(),
  contentType: z.string().optional(),
  /** How the Location begins. */
  locationPrefix: z.string().optional(),
  /** Whether the application sees the request, exactly once. */
  forwarded: z.boolean(),
  /** The target that the application sees; the row's own when left out. */
  upstreamTarget: z.string().optional(),
  upstreamHeaders: z
    .strictObject({
      /** Each of these stands there once, with this value. */
      present: headerPairs,
      /** None of these stands there, in any spelling that folds to it. */
      absent: z.array(z.string()),
    })
    .optional(),
});

const common = {
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  /** The rule or advisory that the row is about. */
  why: z.string().min(10),
  /** Doors that give the verdict themselves. */
  doors: z.array(doorName).nonempty(),
  /** For the other doors: the layer in front of them that does. */
  elsewhere: z.partialRecord(doorName, z.string()).optional(),
  session: z.enum(['none', 'user']),
  expect: expectation,
};

/** Bytes as they are sent, one per character. */
const rawRow = z.strictObject({ ...common, raw: z.string() });

/** A request that any door can express. */
const structuredRow = z.strictObject({
  ...common,
  method: z.string(),
  target: z.string(),
  /** Besides Host, the session's Cookie and `Connection: close`, which are added where missing. */
  headers: headerPairs.default([]),
  body: z.string().default(''),
});

const vector = z.union([rawRow, structuredRow]).refine(({ doors, elsewhere = {} }) => {
  const named = [...doors, ...Object.keys(elsewhere)];
  return doorNames.every((door) => named.filter((name) => name === door).length === 1);
}, 'each door either gives the verdict or names the layer that does');

/**
 * One row. Texts may hold `{session}` (the session's `name=value`), `{sessionName}`, `{user}`,
 * `{groups}`, `{client}` (the client's address) and `{repeat:TEXT:TIMES}`.
 */
export type Vector = z.infer<typeof vector>;

/** All rows of all `requests-*.json` files. Throws for a row that is not one, or an id that comes twice. */
export function readVectors(): readonly Vector[] {
  const rows = readdirSync(import.meta.dirname)
    .filter((name) => /^requests-.*\.json$/.test(name))
    .sort()
    .flatMap((name) => readFile(name));
  const ids = new Set(rows.map((row) => row.id));
  if (ids.size !== rows.length) throw new Error('two vectors have the same id');
  return rows;
}

function readFile(name: string): Vector[] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  const parsed = z.array(vector).safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
