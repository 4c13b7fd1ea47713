// The table of attacks with bearer tokens: what each row holds, and reading the rows from their file.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { reasons } from '../../src/kernel/reasons.ts';

const reasonCode = z.string().refine((code) => Object.hasOwn(reasons, code), 'no reason code');

/** Who issues what an attack begins with; `stranger` is nobody whom the gateway was told of. */
const issuerNames = ['ci', 'partner', 'world', 'provider', 'cluster', 'stranger'] as const;

/** A key of an issuer, as `ci/rsa`. */
const keyName = z.string().regex(/^(ci|partner|world|provider|cluster|stranger)\/[a-z0-9]+$/);

/** What stands in the place of a signature by the issuer's own key. */
const signature = z.union([
  /** By this key; with `alg: none` and the like by the key's usual algorithm. */
  z.strictObject({ by: keyName }),
  /** An HMAC whose secret is what everybody can read of this key, in one of its spellings. */
  z.strictObject({
    hmacBy: keyName,
    secret: z.enum([
      ...['spki-pem', 'spki-pem-trimmed', 'spki-der', 'pkcs1-pem', 'jwk', 'modulus', 'kid'],
      ...['symmetric', 'nothing'],
    ] as const),
  }),
  z.enum([
    'empty',
    /** That of the issuer's ordinary token. */
    'borrowed',
    /** r and s are zero. */
    'zeros',
    /** As X.509 has signatures of ECDSA. */
    'der',
    'truncated',
    'one-bit-flipped',
    /** The bits of the last letter that stand for nothing are set. */
    'loose-bits',
  ]),
]);

/**
 * How a token is made from the ordinary one of an issuer. Texts may hold `{now+N}`, `{iss}` and `{kid}` of
 * the issuer, `{trap}` (an address that nobody may ask); a text that is nothing but `{now+N}` is a number,
 * and one that is `{jwk:KEY}` an object.
 */
const recipe = z.strictObject({
  issuer: z.enum(issuerNames).default('ci'),
  key: z.string().optional(),
  /** Change the ordinary header and claims; null leaves a name out. */
  header: z.record(z.string(), z.json()).default({}),
  claims: z.record(z.string(), z.json()).default({}),
  /** Instead of them: bytes, one per character. */
  headerText: z.string().optional(),
  claimsText: z.string().optional(),
  signature: signature.optional(),
  /** How the parts are put together. */
  text: z.string().default('{header}.{claims}.{signature}'),
});
export type TokenRecipe = z.infer<typeof recipe>;

/** How the API server reviews this row's token; an ordinary one is found good. */
const review = z.strictObject({
  authenticated: z.boolean().optional(),
  username: z.string().optional(),
  uid: z.string().optional(),
  audiences: z.array(z.string()).optional(),
});
export type ScriptedReview = z.infer<typeof review>;

const attack = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  /** The rule or advisory that the row is about. */
  why: z.string().min(10),
  token: recipe.prefault({}),
  /** With the cookie of a live session of user@example.com. */
  session: z.boolean().default(false),
  method: z.string().default('GET'),
  target: z.string().default('/app'),
  /**
   * May hold `{token}`, `{base64:TEXT}` (of what it stands for), `{session}` (the session's `name=value`),
   * `{sessionName}`, `{sessionValue}`, `{assertion}` (the session JWT that applications get), `{repeat:TEXT:TIMES}`.
   */
  headers: z
    .array(z.tuple([z.string(), z.string()]))
    .default([['Authorization', 'Bearer {token}']]),
  body: z.string().default(''),
  review: review.optional(),
  expect: z.union([
    /** Refused for one of these reasons. */
    z.strictObject({ reason: z.union([reasonCode, z.array(reasonCode).nonempty()]) }),
    /** The application sees it, and that it is from this person in these groups; null: from nobody. */
    z.strictObject({ user: z.string().nullable(), groups: z.string().optional() }),
  ]),
});

/** One row. */
export type TokenAttack = z.infer<typeof attack>;

/** All rows. Throws for a row that is not one, or an id that comes twice. */
export function readTokenAttacks(): readonly TokenAttack[] {
  const text = readFileSync(new URL('tokens-attacks.json', import.meta.url), 'utf8');
  const parsed = z.array(attack).safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const ids = new Set(parsed.data.map(({ id }) => id));
  if (ids.size !== parsed.data.length) throw new Error('two attacks have the same id');
  return parsed.data;
}
