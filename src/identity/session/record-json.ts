// Owns the JSON of records and its version: what one release writes, its neighbours can read.
//
// Fields may be added to a version while older releases may ignore them: readers drop what they do
// not know, and a field that an older release does not write needs a default. Whatever else changes
// takes a new version; a release reads its own and the one before, and goes on writing the one
// before until no replica of the older release is left. test/vectors/session-records-v1.json holds
// this release to it.
import { z } from 'zod';

const VERSION = 1;
const versioned = z.looseObject({ v: z.literal(VERSION) });

/** JSON has no undefined: what is absent is left out. */
export const optionalText = z
  .string()
  .optional()
  .transform((text) => text);

export const storedPrincipal = z.object({
  userId: z.string().min(1),
  groups: z.array(z.string()),
});

/** The JSON text of a record of the version that this release writes. */
export function formatRecord(fields: object): string {
  return JSON.stringify({ v: VERSION, ...fields });
}

/** The fields of a record in a JSON text; undefined when this release cannot read it. */
export function parseRecord<T>(text: string, fields: z.ZodType<T>): T | undefined {
  const json = versioned.safeParse(parseJson(text));
  const parsed = json.success ? fields.safeParse(json.data) : undefined;
  return parsed?.success === true ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
